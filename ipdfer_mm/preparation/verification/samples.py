"""The samples of all splits of a data set, as its own files list them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from ipdfer_mm.datasets import CKPlus
from ipdfer_mm.preparation.sets import list_readers
from ipdfer_mm.registry import DATASETS

# The only split of a data set without splits, and all splits together.
ALL = 'all pictures'
DEFAULTS = {'ferplus': dict(label_rule='majority')}


class Sample(NamedTuple):
    """A line of a data set.

    Attributes:
        path (str): Picture, relative to the data root, forward slashes.
        split (str): Split it is in.
        expression (str): Name of its class.
        subject (str, optional): The person, where known.
    """

    path: str
    split: str
    expression: str
    subject: str | None = None

    def __str__(self) -> str:
        return f'{self.split}: {self.path} ({self.expression})'


def collect_samples(name: str, data_root: Path,
                    options: Mapping) -> list[Sample]:
    """List the samples of a data set.

    The ten folds of CK+ are its splits: each person's pictures belong to the
    fold that tests the person.

    Args:
        name (str): Key of :data:`ipdfer_mm.preparation.sets.SETS`.
        data_root (Path): Folder of the data set.
        options (Mapping): Arguments of the data set class to change. FERPlus
            is read with ``label_rule='majority'`` if they do not say.

    Returns:
        list[Sample]: In the order of the data set; a picture that is listed
        twice is there twice.

    Raises:
        FileNotFoundError: If the folder or an annotation file is missing.
        ValueError: If a file of the data set is wrong, or nothing is listed.
    """
    options = {**DEFAULTS.get(name, {}), **options}
    if name == 'ckplus':
        samples = list(_collect_folds(data_root, options))
    else:
        samples = [
            sample for reader in list_readers(name, data_root, options)
            for sample in _read(reader, reader.get('split') or ALL)
        ]
    if not samples:
        raise ValueError(f'{data_root} holds no picture of {name}.')
    return samples


def _read(reader: Mapping, split: str) -> Iterator[Sample]:
    dataset = DATASETS.build(dict(reader, lazy_init=True))
    for sample in dataset.list_pictures():
        yield Sample(sample['img_path'], split, sample['expression'],
                     sample.get('subject'))


def _collect_folds(data_root: Path, options: Mapping) -> Iterator[Sample]:
    if 'fold' in options or 'split' in options:
        raise ValueError('CK+ is verified in all its folds: leave fold and '
                         'split out of --dataset-options.')
    reader = dict(options, type='CKPlus', data_root=str(data_root))
    for fold in range(CKPlus.NUM_FOLDS):
        # With the first frames of the people, which other folds train on.
        yield from _read(
            dict(reader, split='test', fold=fold), f'fold {fold}')
