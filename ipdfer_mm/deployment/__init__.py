"""From a trained model to what is deployed: mmpretrain, ONNX and int8."""

from .plain_classifier import plain_classifier, plain_config, plain_state
from .publishing import publish
from .settings import class_names, picture_size

__all__ = [
    'class_names',
    'picture_size',
    'plain_classifier',
    'plain_config',
    'plain_state',
    'publish',
]
