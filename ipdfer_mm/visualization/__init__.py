"""From arrays to images and figures."""

from .comparison_sheet import TestResult, comparison_sheet
from .image_grids import image_grid, synthesis_grid, to_uint8

__all__ = [
    'TestResult', 'comparison_sheet', 'image_grid', 'synthesis_grid',
    'to_uint8'
]
