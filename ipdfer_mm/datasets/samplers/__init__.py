"""Samplers that know about classes."""

from .weighted_class_sampler import WeightedClassSampler

__all__ = ['WeightedClassSampler']
