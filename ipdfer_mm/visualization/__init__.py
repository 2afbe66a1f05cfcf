"""Pictures for people."""

from .picture_grid import picture_grid, to_uint8

__all__ = ['picture_grid', 'to_uint8']
