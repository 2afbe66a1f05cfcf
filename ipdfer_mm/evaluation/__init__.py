"""Measures of recognition and of what the model does beyond it."""

from .dependence import (
    distance_correlation,
    linear_cka,
    mean_abs_cosine,
    measure_dependence,
)
from .disentanglement import (
    extract_components,
    find_factors,
    measure_components,
    pose_entropy,
)
from .disentanglement_report import DisentanglementReport
from .disentanglement_table import disentanglement_markdown
from .fid import (
    INCEPTION,
    inception_features,
    load_inception,
    measure_fid,
    set_distance,
)
from .gradient_norms import feature_norms, gradient_norms
from .identity_network import load_identity_network
from .loading import load_trained_model
from .lpips import ALEXNET, load_lpips, lpips_distance, measure_lpips
from .metrics import (
    ClassSubsetAccuracy,
    ExpectedCalibrationError,
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
from .probes import Factor, leakage_matrix, probe_score, yaw_r2
from .public_weights import PublicWeights
from .significance import Bootstrap, McNemar, mcnemar, paired_bootstrap
from .swap import decode_swap, measure_swap
from .swap_rendering import (
    SwapPictures,
    SwapRenderer,
    draw_donors,
    swap_kinds,
)
from .synthesis import (
    fisherface_accuracy,
    identity_cosine,
    reconstruction_error,
)
from .synthesis_report import (
    FacePictures,
    judge_expressions,
    judge_synthesis,
    load_mean_picture,
    load_pictures,
    load_test_pictures,
    measure_synthesis,
    synthesize,
)
from .verification import equal_error_rate, same_expression_verification

__all__ = [
    'ALEXNET', 'Bootstrap', 'ClassSubsetAccuracy', 'DisentanglementReport',
    'ExpectedCalibrationError', 'FacePictures', 'Factor', 'INCEPTION',
    'McNemar', 'PoseAccuracy', 'Predictions', 'PublicWeights',
    'SwapPictures', 'SwapRenderer', 'VerificationMetric',
    'check_same_pictures', 'decode_swap', 'disentanglement_markdown',
    'distance_correlation', 'draw_donors', 'equal_error_rate',
    'extract_components', 'feature_norms', 'find_factors',
    'fisherface_accuracy', 'gradient_norms', 'identity_cosine',
    'inception_features', 'judge_expressions', 'judge_synthesis',
    'leakage_matrix', 'linear_cka', 'load_identity_network',
    'load_inception', 'load_lpips', 'load_mean_picture', 'load_pictures',
    'load_predictions', 'load_test_pictures', 'load_trained_model',
    'lpips_distance', 'mcnemar', 'mean_abs_cosine', 'measure_components',
    'measure_dependence', 'measure_fid', 'measure_lpips', 'measure_swap',
    'measure_synthesis', 'neutral_gain', 'paired_bootstrap',
    'picture_similarity', 'pool', 'pose_entropy', 'probe_score',
    'reconstruction_error', 'same_expression_verification', 'set_distance',
    'swap_kinds', 'synthesize', 'yaw_r2'
]
