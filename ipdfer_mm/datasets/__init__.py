"""Facial expression data sets in the layouts their authors give out."""

from .cmu_faces import CMUFaces
from .fer_dataset import EXPRESSIONS, FERDataset
from .pose import POSE_EDGES, pose_class
from .rafdb import RAFDB
from .synthetic_faces import SyntheticFaces
from .transforms import AlignFace, LoadFaceImage, PackFaceInputs

__all__ = [
    'EXPRESSIONS',
    'POSE_EDGES',
    'RAFDB',
    'AlignFace',
    'CMUFaces',
    'FERDataset',
    'LoadFaceImage',
    'PackFaceInputs',
    'SyntheticFaces',
    'pose_class',
]
