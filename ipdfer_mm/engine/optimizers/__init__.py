"""Optimizer wrappers and their constructor."""

from .bfloat16_optim_wrapper import Bfloat16OptimWrapper
from .optim_wrapper_constructor import AlternatingOptimWrapperConstructor

__all__ = ['AlternatingOptimWrapperConstructor', 'Bfloat16OptimWrapper']
