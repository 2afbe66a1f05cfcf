"""Head pose estimators: signed yaw, pitch and roll of a face."""

from .angles import (
    UNKNOWN,
    Angles,
    FaceImage,
    HeadPoseEstimator,
    angles_of,
)
from .contour import ContourPose, contour_yaw
from .five_points import FivePointPose
from .network import NetworkPose
from .table import TablePose

__all__ = [
    'Angles',
    'ContourPose',
    'FaceImage',
    'FivePointPose',
    'HeadPoseEstimator',
    'NetworkPose',
    'TablePose',
    'UNKNOWN',
    'angles_of',
    'contour_yaw',
]
