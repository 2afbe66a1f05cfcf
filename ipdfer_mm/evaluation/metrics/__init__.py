"""Metrics for MMEngine's evaluator."""

from .class_subset_accuracy import ClassSubsetAccuracy
from .expected_calibration_error import ExpectedCalibrationError
from .pose_accuracy import PoseAccuracy
from .verification_metric import VerificationMetric

__all__ = [
    'ClassSubsetAccuracy', 'ExpectedCalibrationError', 'PoseAccuracy',
    'VerificationMetric'
]
