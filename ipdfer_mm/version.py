"""Version of ipdfer_mm; setup.py reads it without importing it."""

__version__ = '0.2.0'
