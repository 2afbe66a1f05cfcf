"""AffectNet, both releases."""

import os.path as osp
from collections.abc import Iterator
from functools import partial

from ipdfer_mm.registry import DATASETS
from ipdfer_mm.utils.expressions import EXPRESSIONS
from ipdfer_mm.utils.files import ImageIndex
from ipdfer_mm.utils.main_process import on_main_process

from .affectnet_files import (
    LABELS,
    NUM_EXPRESSIONS,
    box_points,
    parse_box,
    parse_landmarks,
    read_labels,
    read_list,
)
from .fer_dataset import FERDataset
from .folds import check_split

LISTS = 'Manually_Annotated_file_lists'
IMAGES = ('Manually_Annotated_Images',
          'Manually_Annotated/Manually_Annotated_Images')
# What each release calls a split.
SPLITS = {
    'train': dict(old='training.csv', new='train_set'),
    'val': dict(old='validation.csv', new='val_set'),
}


@DATASETS.register_module()
class AffectNet(FERDataset):
    """`AffectNet <http://mohammadmahoor.com/affectnet/>`_, labels by hand.

    Reads both releases. The old one of 2017 has whole images; their
    ``landmarks`` are those of the list, for ``AlignFace``. Where these are
    missing or mirrored, as in full profile, they stand for the square around
    the face's box instead, which the log counts; ``tools/prepare_dataset.py``
    searches the face in that box::

        data_root
        ├── Manually_Annotated_file_lists/{training,validation}.csv
        └── Manually_Annotated_Images/103/29a31ebf...jpg ...

    (the folder of images may lie in one named ``Manually_Annotated``). The
    new one has crops of 224x224 pixels, without boxes::

        data_root
        ├── train_set/annotations/0_exp.npy ... and images/0.jpg ...
        └── val_set/...

    Its labels are kept in ``train_set/labels.ipdfer_mm.json`` when they are
    first read, by the first of several processes. Results on the two releases
    are not comparable.

    Faces labeled none, uncertain or no face, and in the old release those
    with no valid box, are skipped and counted. With the seven classes of most
    papers, give ``metainfo=dict(classes=...)`` and
    ``drop_classes=['contempt']``. Yaw is unknown unless a manifest gives it.

    Args:
        data_root (str): Folder as above.
        split (str): ``'train'`` or ``'val'``; there is no public test set.
        release (str, optional): ``'old'`` or ``'new'``. Defaults to None, the
            one that is there.
        **kwargs: As :class:`FERDataset`.

    Raises:
        FileNotFoundError: If neither release is there, or a file of it not.
        ValueError: If both are there and ``release`` is None, or a label does
            not parse; names the file and line.
        RuntimeError: If the first process failed to read the labels.
    """

    METAINFO = dict(classes=(*EXPRESSIONS, 'contempt'))
    LAYOUT = (f'AffectNet as its authors give it out: <data_root>/{LISTS}/'
              f'training.csv and <data_root>/{IMAGES[0]}/103/*.jpg, or '
              '<data_root>/train_set/annotations/0_exp.npy and '
              '<data_root>/train_set/images/0.jpg')

    def __init__(self,
                 data_root: str,
                 split: str,
                 release: str | None = None,
                 **kwargs) -> None:
        check_split(split, SPLITS)
        if release not in (None, 'old', 'new'):
            raise ValueError(f"release={release!r} must be 'old', 'new' or "
                             'None.')
        self.split = split
        self.release = release
        super().__init__(data_root, **kwargs)

    def load_samples(self) -> Iterator[dict]:
        """Yield the samples in the order of the list or of the ids."""
        release = self.release or self._find_release()
        name = SPLITS[self.split][release]
        yield from (self._read_old(name)
                    if release == 'old' else self._read_new(name))

    def _find_release(self) -> str:
        present = [
            release for release, names in (
                ('old', [LISTS]),
                ('new', [split['new'] for split in SPLITS.values()]))
            if any(osp.isdir(osp.join(self.data_root, n)) for n in names)
        ]
        if len(present) == 2:
            raise ValueError(f'{self._title}: both releases are there; choose '
                             "with release='old' or release='new'.")
        if not present:
            raise FileNotFoundError(f'{self._title}: neither release is '
                                    f'there. Expected {self.LAYOUT}.')
        return present[0]

    def _read_old(self, name: str) -> Iterator[dict]:
        path = osp.join(self.data_root, LISTS, name)
        if not osp.isfile(path):
            raise FileNotFoundError(f'{self._title}: {path} does not exist. '
                                    f'Expected {self.LAYOUT}.')
        folder = next((folder for folder in IMAGES
                       if osp.isdir(osp.join(self.data_root, folder))),
                      IMAGES[0])
        index = ImageIndex(self.data_root)
        for row in read_list(path):
            if not self._is_expression(row.label, row.path):
                continue
            box = parse_box(row)
            if box is None:
                self.note('No valid box, skipped', row.path)
                continue
            sample = dict(
                img_path=index.find(f'{folder}/{row.path}'),
                expression=LABELS[row.label],
                box=box)
            points = parse_landmarks(row) if self.manifest is None else None
            if points is not None:
                sample['landmarks'] = points
            yield sample

    def _to_info(self, sample: dict) -> dict:
        if 'box' in sample and 'landmarks' not in sample and (
                self.manifest is None):
            self.note('No landmarks that can be aligned, box taken',
                      sample['img_path'])
            sample = {**sample, 'landmarks': box_points(sample['box'])}
        return super()._to_info(sample)

    def _read_new(self, name: str) -> Iterator[dict]:
        labels = on_main_process(
            partial(read_labels, osp.join(self.data_root, name)),
            f'{self._title}: the first process failed to read the labels; '
            'see its error.')
        index = ImageIndex(self.data_root)
        for face, label in labels.items():
            if self._is_expression(label, face):
                yield dict(
                    img_path=index.find(f'{name}/images/{face}.jpg'),
                    expression=LABELS[label])

    def _is_expression(self, label: int, name: str) -> bool:
        if label < NUM_EXPRESSIONS:
            return True
        self.note(f'Labeled {LABELS[label]}, skipped', name)
        return False
