"""Trained models on pictures and videos."""

from .inferencer import ExpressionInferencer
from .model import KnownModel, get_model, list_models
from .results import Face, PictureResult

__all__ = [
    'ExpressionInferencer', 'Face', 'KnownModel', 'PictureResult',
    'get_model', 'list_models'
]
