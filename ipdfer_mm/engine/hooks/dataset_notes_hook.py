"""A list of what a dataset has left out or replaced."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ipdfer_mm.registry import HOOKS
from ipdfer_mm.utils.atomic import renamed_when_done

ADVICE = 'choose another --work-dir'


def inner_datasets(dataset: Any) -> Iterator[Any]:
    """Datasets that one is made of.

    Args:
        dataset (Any): A dataset, also one of MMEngine's around others.

    Yields:
        Any: Those at the bottom.
    """
    wrapped = getattr(dataset, 'datasets', None) or [
        getattr(dataset, 'dataset', None)]
    if wrapped == [None]:
        yield dataset
        return
    for inner in wrapped:
        yield from inner_datasets(inner)


@HOOKS.register_module()
class DatasetNotesHook(Hook):
    """Name each image that a dataset has left out or replaced.

    The log has their number for each reason. The names are in
    ``train_notes.csv``, ``val_notes.csv`` and ``test_notes.csv`` beside the
    log, with the columns ``reason`` and ``name``; there is no file where
    nothing is to be said.
    """

    def before_train(self, runner: Runner) -> None:
        """List those of the training set."""
        self._write(runner, 'train')

    def before_val(self, runner: Runner) -> None:
        """List those of the validation set."""
        self._write(runner, 'val')

    def before_test(self, runner: Runner) -> None:
        """List those of the test set."""
        self._write(runner, 'test')

    def _write(self, runner: Runner, name: str) -> None:
        loader = getattr(runner, f'{name}_dataloader')
        rows = [(reason, image) for dataset in inner_datasets(loader.dataset)
                for reason, images in getattr(dataset, 'notes', {}).items()
                for image in images]
        path = Path(runner.log_dir, f'{name}_notes.csv')
        if not rows or path.exists() or not is_main_process():
            return
        with renamed_when_done(path, ADVICE) as partial, open(
                partial, 'w', encoding='utf-8', newline='',
                errors='backslashreplace') as file:
            writer = csv.writer(file, lineterminator='\n')
            writer.writerows([('reason', 'name'), *rows])
