"""The samples of all splits of a dataset, as its own files list them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from ipdfer_mm.datasets import CKPlus
from ipdfer_mm.preparation.datasets import list_readers
from ipdfer_mm.registry import DATASETS

# The only split of a dataset without splits, and all splits together.
ALL = 'all images'
DEFAULTS = {'ferplus': dict(label_rule='majority')}


class Sample(NamedTuple):
    """A line of a dataset.

    Attributes:
        path (str): Image, relative to the data root, forward slashes.
        split (str): Split it is in.
        expression (str): Name of its class.
        subject (str, optional): The subject, where known.
    """

    path: str
    split: str
    expression: str
    subject: str | None = None

    def __str__(self) -> str:
        return f'{self.split}: {self.path} ({self.expression})'


def collect_samples(name: str, data_root: Path,
                    options: Mapping) -> list[Sample]:
    """List the samples of a dataset.

    The ten folds of CK+ are its splits: each subject's images belong to the
    fold that tests the subject.

    Args:
        name (str): Key of :data:`ipdfer_mm.preparation.datasets.PREPARABLE`.
        data_root (Path): Folder of the dataset.
        options (Mapping): Arguments of the dataset class to change. FERPlus
            is read with ``label_rule='majority'`` if they do not say.

    Returns:
        list[Sample]: In the order of the dataset; an image that is listed
        twice is there twice.

    Raises:
        FileNotFoundError: If the folder or an annotation file is missing.
        ValueError: If a file of the dataset is wrong, or nothing is listed.
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
        raise ValueError(f'{data_root} holds no image of {name}.')
    return samples


def _read(reader: Mapping, split: str) -> Iterator[Sample]:
    dataset = DATASETS.build(dict(reader, lazy_init=True))
    for sample in dataset.list_images():
        yield Sample(sample['img_path'], split, sample['expression'],
                     sample.get('subject'))


def _collect_folds(data_root: Path, options: Mapping) -> Iterator[Sample]:
    if 'fold' in options or 'split' in options:
        raise ValueError('CK+ is verified in all its folds: leave fold and '
                         'split out of --dataset-options.')
    reader = dict(options, type='CKPlus', data_root=str(data_root))
    for fold in range(CKPlus.NUM_FOLDS):
        # With the first frames of the subjects, which other folds train on.
        yield from _read(
            dict(reader, split='test', fold=fold), f'fold {fold}')
