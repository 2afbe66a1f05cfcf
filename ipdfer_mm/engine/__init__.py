"""What runs around the model: hooks, optimizers, file writing."""

from .atomic_backend import AtomicLocalBackend
from .hooks import (
    DatasetMetaHook,
    EpochSeedHook,
    NonFiniteLossHook,
    PlainCheckpointHook,
    ResumeInitHook,
    SyncTrainedBuffersHook,
    SynthesisGridHook,
)
from .optimizers import AlternatingOptimWrapperConstructor

__all__ = [
    'AlternatingOptimWrapperConstructor', 'AtomicLocalBackend',
    'DatasetMetaHook', 'EpochSeedHook', 'NonFiniteLossHook',
    'PlainCheckpointHook', 'ResumeInitHook', 'SyncTrainedBuffersHook',
    'SynthesisGridHook'
]
