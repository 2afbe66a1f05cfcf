"""What runs around the model: hooks, optimizers, file writing."""

from .atomic_backend import AtomicLocalBackend
from .hooks.channels_last_hook import ChannelsLastHook
from .hooks.compile_hook import CompileHook, compile_networks
from .hooks.dataset_meta_hook import DatasetMetaHook
from .hooks.dataset_notes_hook import DatasetNotesHook
from .hooks.epoch_seed_hook import EpochSeedHook
from .hooks.nonfinite_loss_hook import NonFiniteLossHook
from .hooks.plain_checkpoint_hook import PlainCheckpointHook
from .hooks.pose_erasure_hook import PoseErasureHook
from .hooks.resume_checkpoint_hook import ResumeCheckpointHook
from .hooks.resume_init_hook import ResumeInitHook
from .hooks.sync_trained_buffers_hook import SyncTrainedBuffersHook
from .hooks.synthesis_grid_hook import SynthesisGridHook
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
