"""Geometry of faces that datasets, preparation and rendering share."""

from .alignment import (
    ARCFACE_TEMPLATE,
    align_face,
    center_crop,
    scaled_template,
    similarity_transform,
)
from .five_points import five_points
from .yaw_bins import POSE_EDGES, UNKNOWN_POSE, yaw_bin

__all__ = [
    'ARCFACE_TEMPLATE',
    'POSE_EDGES',
    'UNKNOWN_POSE',
    'align_face',
    'center_crop',
    'five_points',
    'yaw_bin',
    'scaled_template',
    'similarity_transform',
]
