"""Pictures for people."""

from .comparison_sheet import TestResult, comparison_sheet
from .picture_grid import picture_grid, synthesis_grid, to_uint8

__all__ = [
    'TestResult', 'comparison_sheet', 'picture_grid', 'synthesis_grid',
    'to_uint8'
]
