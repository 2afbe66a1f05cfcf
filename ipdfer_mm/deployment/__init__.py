"""From a trained model to what is deployed: mmpretrain, ONNX and int8."""

from ipdfer_mm.utils.onnx_classifier import OnnxClassifier

from .accuracy import evaluate
from .faces import dataset_faces, folder_faces
from .image_classifier import ImageClassifier
from .onnx_export import export_onnx
from .plain_classifier import plain_classifier, plain_config, plain_state
from .publishing import publish
from .quantization import quantize

__all__ = [
    'ImageClassifier', 'OnnxClassifier', 'dataset_faces', 'evaluate',
    'export_onnx', 'folder_faces', 'plain_classifier', 'plain_config',
    'plain_state', 'publish', 'quantize'
]
