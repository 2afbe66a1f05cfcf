"""Measures of recognition and of what the model does beyond it."""

from .metrics import ClassSubsetAccuracy
from .synthesis import (
    fisherface_accuracy,
    identity_cosine,
    reconstruction_error,
)

__all__ = [
    'ClassSubsetAccuracy', 'fisherface_accuracy', 'identity_cosine',
    'reconstruction_error'
]
