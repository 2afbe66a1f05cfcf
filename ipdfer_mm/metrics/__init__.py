"""Metrics for MMEngine's evaluator."""

from .balanced_accuracy import BalancedAccuracy
from .class_subset_accuracy import ClassSubsetAccuracy
from .clean_accuracy import CleanAccuracy
from .expected_calibration_error import ExpectedCalibrationError
from .pose_accuracy import PoseAccuracy
from .reliability import Reliability
from .verification_metric import VerificationMetric

__all__ = [
    'BalancedAccuracy', 'ClassSubsetAccuracy', 'CleanAccuracy',
    'ExpectedCalibrationError', 'PoseAccuracy', 'Reliability',
    'VerificationMetric'
]
