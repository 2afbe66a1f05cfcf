"""Optimizer constructors."""

from .optim_wrapper_constructor import AlternatingOptimWrapperConstructor

__all__ = ['AlternatingOptimWrapperConstructor']
