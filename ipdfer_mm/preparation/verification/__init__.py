"""Whether a copy of a dataset is complete and honest."""

from .finding import PROBLEMS, Finding
from .report import Report
from .verify import verify

__all__ = ['PROBLEMS', 'Finding', 'Report', 'verify']
