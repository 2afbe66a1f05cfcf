"""Geometry of faces that datasets, preparation and rendering share."""

from .alignment import (
    ARCFACE_TEMPLATE,
    align_face,
    centre_crop,
    scaled_template,
    similarity_transform,
)
from .five_points import five_points
from .yaw_bins import POSE_EDGES, UNKNOWN_POSE, pose_class

__all__ = [
    'ARCFACE_TEMPLATE',
    'POSE_EDGES',
    'UNKNOWN_POSE',
    'align_face',
    'centre_crop',
    'five_points',
    'pose_class',
    'scaled_template',
    'similarity_transform',
]
