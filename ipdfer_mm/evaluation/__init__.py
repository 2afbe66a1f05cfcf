"""Measures of recognition and of what the model does beyond it."""

import importlib

from .metrics import (
    ClassSubsetAccuracy,
    CleanAccuracy,
    ExpectedCalibrationError,
    PoseAccuracy,
    VerificationMetric,
)

# Imported when they are asked for. Every program imports this package, for the
# metrics; scikit-learn, SciPy and torchmetrics are a quarter of the time that
# starting would take.
_MODULES = {
    'dependence': (
        'distance_correlation', 'linear_cka', 'mean_abs_cosine',
        'measure_dependence',
    ),
    'disentanglement': (
        'extract_components', 'find_factors', 'measure_components',
        'pose_entropy',
    ),
    'disentanglement_report': ('DisentanglementReport',),
    'disentanglement_table': ('disentanglement_markdown',),
    'fid': (
        'INCEPTION', 'inception_features', 'load_inception', 'measure_fid',
        'set_distance',
    ),
    'loss_gradients': ('feature_norms', 'gradient_norms'),
    'identity_network': ('load_identity_network',),
    'loading': ('load_trained_model',),
    'lpips': ('ALEXNET', 'load_lpips', 'lpips_distance', 'measure_lpips'),
    'neutral': ('neutral_gain', 'picture_similarity'),
    'predictions': (
        'Predictions', 'check_same_pictures', 'load_predictions', 'pool',
    ),
    'probes': ('Factor', 'leakage_matrix', 'probe_score', 'yaw_r2'),
    'public_weights': ('PublicWeights',),
    'significance': ('Bootstrap', 'McNemar', 'mcnemar', 'paired_bootstrap'),
    'swap': ('decode_swap', 'measure_swap'),
    'swap_rendering': (
        'SwapPictures', 'SwapRenderer', 'draw_donors', 'swap_kinds',
    ),
    'synthesis': (
        'fisherface_accuracy', 'identity_cosine', 'reconstruction_error',
    ),
    'synthesis_report': (
        'FacePictures', 'judge_expressions', 'judge_synthesis',
        'load_mean_picture', 'load_pictures', 'load_test_pictures',
        'measure_synthesis', 'synthesize',
    ),
    'verification': ('equal_error_rate', 'same_expression_verification'),
}
_MODULE_OF = {name: module for module, names in _MODULES.items()
              for name in names}
__all__ = [
    'ClassSubsetAccuracy', 'CleanAccuracy', 'ExpectedCalibrationError',
    'PoseAccuracy', 'VerificationMetric', *_MODULE_OF
]


def __getattr__(name: str) -> object:
    """Import what is asked for (PEP 562)."""
    if name not in _MODULE_OF:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    module = importlib.import_module(f'.{_MODULE_OF[name]}', __name__)
    return getattr(module, name)


def __dir__() -> list[str]:
    """List also what was not imported yet."""
    return sorted(set(globals()) | set(__all__))
