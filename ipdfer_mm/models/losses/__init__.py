"""Losses of the IPD-FER paper that mmpretrain does not have."""

from .identity_consistency_loss import IdentityConsistencyLoss
from .orthogonality_loss import OrthogonalityLoss
from .reconstruction_loss import ReconstructionLoss
from .uniform_confusion_loss import UniformConfusionLoss

__all__ = [
    'IdentityConsistencyLoss', 'OrthogonalityLoss', 'ReconstructionLoss',
    'UniformConfusionLoss'
]
