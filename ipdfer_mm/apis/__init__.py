"""Trained models on images and videos."""

from .inferencer import ExpressionInferencer
from .known_models import DEFAULT_MODEL, KnownModel, list_models
from .loading import get_model
from .results import Face, ImageResult

__all__ = [
    'DEFAULT_MODEL', 'ExpressionInferencer', 'Face', 'KnownModel',
    'ImageResult', 'get_model', 'list_models'
]
