"""Hooks."""

from .channels_last_hook import ChannelsLastHook
from .compile_hook import CompileHook, compile_networks
from .dataset_meta_hook import DatasetMetaHook
from .dataset_notes_hook import DatasetNotesHook
from .epoch_seed_hook import EpochSeedHook
from .nonfinite_loss_hook import NonFiniteLossHook
from .plain_checkpoint_hook import PlainCheckpointHook
from .pose_erasure_hook import PoseErasureHook
from .resume_checkpoint_hook import ResumeCheckpointHook
from .resume_init_hook import ResumeInitHook
from .sync_trained_buffers_hook import SyncTrainedBuffersHook
from .synthesis_grid_hook import SynthesisGridHook

__all__ = [
    'ChannelsLastHook', 'CompileHook', 'DatasetMetaHook', 'DatasetNotesHook',
    'EpochSeedHook', 'NonFiniteLossHook', 'PlainCheckpointHook',
    'PoseErasureHook', 'ResumeCheckpointHook', 'ResumeInitHook',
    'SyncTrainedBuffersHook', 'SynthesisGridHook', 'compile_networks'
]
