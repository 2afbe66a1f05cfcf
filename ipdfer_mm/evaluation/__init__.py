"""Measures of recognition and of what the model does beyond it."""

from .metrics import (
    ClassSubsetAccuracy,
    ExpectedCalibrationError,
    PoseAccuracy,
    VerificationMetric,
)
from .neutral import neutral_gain, picture_similarity
from .synthesis import (
    fisherface_accuracy,
    identity_cosine,
    reconstruction_error,
)
from .synthesis_report import (
    FacePictures,
    judge_expressions,
    load_pictures,
    load_test_pictures,
    measure_synthesis,
    synthesize,
)

__all__ = [
    'ClassSubsetAccuracy', 'ExpectedCalibrationError', 'FacePictures',
    'PoseAccuracy', 'VerificationMetric', 'fisherface_accuracy',
    'identity_cosine', 'judge_expressions', 'load_pictures',
    'load_test_pictures', 'measure_synthesis', 'neutral_gain',
    'picture_similarity', 'reconstruction_error', 'synthesize'
]
