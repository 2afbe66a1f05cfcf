"""Departures from the paper's Algorithm 1, one a file."""

from .discriminator_batch_norm import DiscriminatorBatchNormIPDFER
from .lazy import LazyIPDFER
from .plus import IPDFERPlus
from .pose_adversary import PoseAdversaryIPDFER
from .shared_adam import SharedAdamIPDFER
from .shared_forward import SharedForwardIPDFER

__all__ = [
    'DiscriminatorBatchNormIPDFER', 'IPDFERPlus', 'LazyIPDFER',
    'PoseAdversaryIPDFER', 'SharedAdamIPDFER', 'SharedForwardIPDFER'
]
