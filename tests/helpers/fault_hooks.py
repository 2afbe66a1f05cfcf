"""Hooks that bring a training into trouble."""

from contextlib import suppress
from pathlib import Path

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
