"""From raw pictures to aligned faces; one aligner for training and use."""

from .alignment import (
    ARCFACE_TEMPLATE,
    align_face,
    centre_crop,
    scaled_template,
    similarity_transform,
)

__all__ = [
    'ARCFACE_TEMPLATE',
    'align_face',
    'centre_crop',
    'scaled_template',
    'similarity_transform',
]
