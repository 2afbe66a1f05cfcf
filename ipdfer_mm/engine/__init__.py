"""What runs around the model: hooks, optimizers, file writing."""

from .atomic_backend import AtomicLocalBackend
from .hooks import (
    ChannelsLastHook,
    CompileHook,
    DatasetMetaHook,
    DatasetNotesHook,
    EpochSeedHook,
    NonFiniteLossHook,
    PlainCheckpointHook,
    PoseErasureHook,
    ResumeCheckpointHook,
    ResumeInitHook,
    SyncTrainedBuffersHook,
    SynthesisGridHook,
    compile_networks,
)
from .optimizers import (
    AlternatingOptimWrapperConstructor,
    Bfloat16OptimWrapper,
)

__all__ = [
    'AlternatingOptimWrapperConstructor', 'AtomicLocalBackend',
    'Bfloat16OptimWrapper', 'ChannelsLastHook', 'CompileHook',
    'DatasetMetaHook', 'DatasetNotesHook', 'EpochSeedHook',
    'NonFiniteLossHook', 'PlainCheckpointHook', 'PoseErasureHook',
    'ResumeCheckpointHook', 'ResumeInitHook', 'SyncTrainedBuffersHook',
    'SynthesisGridHook', 'compile_networks'
]
