"""Hooks that bring a training into trouble."""

from contextlib import suppress
from pathlib import Path

import torch
from mmengine.hooks import Hook
from mmengine.registry import HOOKS


@HOOKS.register_module()
class FillDiskHook(Hook):
    """Write until the disk is full, before the second epoch."""

    def before_train_epoch(self, runner) -> None:
        if runner.epoch == 1:
            with suppress(OSError), open(
                    Path(runner.work_dir, 'filler'), 'wb', 0) as file:
                while True:
                    file.write(bytes(512))


@HOOKS.register_module()
class OutOfMemoryHook(Hook):
    """Raise what torch raises where a GPU's memory is full."""

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        raise torch.OutOfMemoryError('CUDA out of memory.')
