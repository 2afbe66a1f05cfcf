"""Measures of recognition and of what the model does beyond it."""

from .metrics import (
    ClassSubsetAccuracy,
    PoseAccuracy,
    VerificationMetric,
)
from .neutral import neutral_gain, picture_similarity
from .predictions import (
    Predictions,
    check_same_pictures,
    load_predictions,
    pool,
)
from .significance import Bootstrap, McNemar, mcnemar, paired_bootstrap
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
    'Bootstrap', 'ClassSubsetAccuracy', 'FacePictures', 'McNemar',
    'PoseAccuracy', 'Predictions', 'VerificationMetric',
    'check_same_pictures', 'fisherface_accuracy', 'identity_cosine',
    'judge_expressions', 'load_pictures', 'load_predictions',
    'load_test_pictures', 'mcnemar', 'measure_synthesis', 'neutral_gain',
    'paired_bootstrap', 'picture_similarity', 'pool', 'reconstruction_error',
    'synthesize'
]
