"""Facial expression datasets in the layouts their authors give out."""

from ipdfer_mm.utils.expressions import EXPRESSIONS

from .affectnet import AffectNet
from .ckplus import CKPlus
from .cmu_faces import CMUFaces
from .csv_fer import CSVFER
from .face_images import FaceImages
from .fer_dataset import FERDataset
from .ferplus import FERPlus
from .folder_fer import FolderFER
from .lfw_pairs import LFWPairs
from .rafdb import RAFDB
from .samplers import WeightedClassSampler
from .sfew import SFEW
from .synthetic_faces import SyntheticFaces
from .transforms import AlignFace, LoadFaceImage, PackFaceInputs, RandomTint

__all__ = [
    'CSVFER',
    'EXPRESSIONS',
    'RAFDB',
    'RandomTint',
    'SFEW',
    'AffectNet',
    'AlignFace',
    'CKPlus',
    'CMUFaces',
    'FERDataset',
    'FERPlus',
    'FaceImages',
    'FolderFER',
    'LFWPairs',
    'LoadFaceImage',
    'PackFaceInputs',
    'SyntheticFaces',
    'WeightedClassSampler',
]
