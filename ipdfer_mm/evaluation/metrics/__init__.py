"""Metrics for MMEngine's evaluator."""

from .class_subset_accuracy import ClassSubsetAccuracy

__all__ = ['ClassSubsetAccuracy']
