"""Facial expression data sets in the layouts their authors give out."""

from .cmu_faces import CMUFaces
from .fer_dataset import EXPRESSIONS, POSE_EDGES, FERDataset, pose_class
from .rafdb import RAFDB
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
    'pose_class',
]
