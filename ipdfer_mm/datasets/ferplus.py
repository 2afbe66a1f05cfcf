"""FERPlus: FER2013 with the votes of ten annotators an image."""

import os.path as osp
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import numpy as np

from ipdfer_mm.registry import DATASETS
from ipdfer_mm.utils.expressions import EXPRESSIONS, class_folders
from ipdfer_mm.utils.files import missing_files
from ipdfer_mm.utils.main_process import on_main_process

from .fer_dataset import FERDataset
from .ferplus_files import (
    EMOTIONS,
    NO_FACE,
    RULES,
    UNKNOWN,
    VoteRow,
    elect,
    emotion_shares,
    export_images,
    is_tie,
    read_votes,
)
from .folds import check_split


class Split(NamedTuple):
    """What the files call a split.

    Attributes:
        usage (str): Its word in the column ``Usage``.
        folder (str): Folder of its images.
        rows (int): Rows of the official file.
    """

    usage: str
    folder: str
    rows: int


SPLITS = {
    'train': Split('Training', 'FER2013Train', 28709),
    'val': Split('PublicTest', 'FER2013Valid', 3589),
    'test': Split('PrivateTest', 'FER2013Test', 3589),
}


@DATASETS.register_module()
class FERPlus(FERDataset):
    """`FERPlus <https://github.com/microsoft/FERPlus>`_, eight expressions.

    ::

        data_root
        ├── fer2013new.csv                  votes, from FERPlus
        ├── fer2013.csv                     pixels, from FER2013; or:
        ├── FER2013Train/fer0000000.png ... what FERPlus makes of them
        ├── FER2013Valid/...
        └── FER2013Test/...

    Gray images of 48x48 pixels. Where images of the split are missing and
    ``fer2013.csv`` is there, they are written into the folders when the
    dataset is first loaded (a run that was killed goes on where it stopped;
    of several processes the first writes). Rows without a name, 148, 10 and 15
    of the splits, have no image; four names stand in two rows each, which
    are both kept. Yaw is unknown unless a manifest gives it.

    The label comes from ten annotators' votes for the eight expressions,
    unknown and no face, of which a single one for a choice does not count, as
    in FERPlus's code. Images whose winner is unknown or no face are left out.
    Rules, with the samples they leave of the train, val and test splits:

    - ``'majority'``: the choice with more than half of the votes that count;
      without one the image is left out. 25,060, 3,199 and 3,153.
    - ``'argmax'``: the choice with most votes; a tie goes to the first in
      the order of the file. 28,389, 3,553 and 3,546.
    - ``'soft'``: the images of ``'argmax'``, each also with ``gt_score``,
      the votes that count for the classes, divided by their sum, float32
      (K, ). ``gt_label`` is its largest class, the first in a tie.

    Args:
        data_root (str): Folder as above.
        split (str): ``'train'``, ``'val'`` (PublicTest) or ``'test'``
            (PrivateTest).
        label_rule (str): One of the above. Defaults to ``'majority'``.
        ann_file (str): The votes, absolute or relative to ``data_root``.
            Defaults to ``'fer2013new.csv'``.
        pixel_file (str): The pixels, absolute or relative to ``data_root``.
            Defaults to ``'fer2013.csv'``.
        **kwargs: As :class:`FERDataset`. ``label_rule`` is added to the
            ``metainfo``.

    Raises:
        OSError: If images are missing and cannot be written.
        ValueError: If ``split`` or ``label_rule`` is unknown, or the files
            do not parse or do not belong together; names file and line.
        RuntimeError: If the first process failed to write the images.
    """

    METAINFO = dict(classes=(*EXPRESSIONS, 'contempt'))
    ANN_FILE = 'fer2013new.csv'
    LAYOUT = (
        f'<data_root>/{ANN_FILE} of https://github.com/microsoft/FERPlus '
        'and either fer2013.csv of FER2013 beside it or the images that '
        "FERPlus's code makes of that file, <data_root>/FER2013Train/"
        'fer0000000.png, FER2013Valid and FER2013Test')

    def __init__(self,
                 data_root: str,
                 split: str,
                 label_rule: str = 'majority',
                 ann_file: str = ANN_FILE,
                 pixel_file: str = 'fer2013.csv',
                 **kwargs) -> None:
        check_split(split, SPLITS)
        if label_rule not in RULES:
            raise ValueError(f'label_rule={label_rule!r} is not one of '
                             f'{", ".join(RULES)}.')
        self.split = split
        self.label_rule = label_rule
        self.is_official = ann_file == self.ANN_FILE
        self.pixel_file = osp.join(
            osp.expanduser(data_root), osp.expanduser(pixel_file))
        super().__init__(data_root, ann_file=ann_file, **kwargs)
        # Not before: MMEngine takes text in it for the name of a file.
        self._metainfo['label_rule'] = label_rule

    def load_samples(self) -> Iterator[dict]:
        """Yield the samples of the split in the order of the file."""
        folder = SPLITS[self.split].folder
        seen: set[str] = set()
        for row in self._read_rows():
            winner = elect(row.votes, self.label_rule == 'majority')
            if not self._keep(row, winner):
                continue
            if row.name in seen:
                self.note('Names of an earlier row, kept', row.name)
            seen.add(row.name)
            sample: dict = dict(
                img_path=f'{folder}/{row.name}', expression=winner)
            if self.label_rule == 'soft':
                sample['shares'] = emotion_shares(row.votes)
            yield sample

    def _read_rows(self) -> list[VoteRow]:
        """Rows of the split; their images are written where missing."""
        all_rows = read_votes(self.ann_file)
        usage, _, official = SPLITS[self.split]
        rows = [row for row in all_rows if row.usage == usage]
        if self.is_official:
            self.warn_unless_official(f'{len(rows)} rows of {usage}',
                                      f'{official} rows of {usage}')
        if self.manifest is None:
            on_main_process(
                partial(self._write_missing, all_rows, rows),
                f'{self._title}: the first process failed to write the '
                'images; see its error.')
        return rows

    def _keep(self, row: VoteRow, winner: str | None) -> bool:
        reason = {
            None: f'No winner by {self.label_rule}, skipped',
            UNKNOWN: 'Voted unknown, skipped',
            NO_FACE: 'Voted no face, skipped'
        }.get(winner)
        if not row.name:
            self.note('Rows without an image, skipped', f'line {row.line}')
        elif reason is not None:
            self.note(reason, row.name)
        elif is_tie(row.votes):
            self.note('Ties, kept', row.name)
        return bool(row.name) and winner in EMOTIONS

    def _to_info(self, sample: dict) -> dict:
        shares = sample.pop('shares', None)
        info = super()._to_info(sample)
        if shares is not None:
            score = np.array([shares.get(name, 0) for name in self.CLASSES],
                             dtype=np.float32)
            info['gt_score'] = score / score.sum()
            info['gt_label'] = int(score.argmax())
        return info

    def _check_files(self) -> None:
        # Told first: the file that is missing would not help.
        has_images = osp.isfile(self.pixel_file) or osp.isdir(
            osp.join(self.data_root, SPLITS[self.split].folder))
        if not has_images and any(
                class_folders(osp.join(self.data_root, name))
                for name in ('train', 'test')):
            raise ValueError(
                f'{self._title}: this is a copy of FER2013 with folders train '
                'and test. Its images have lost their order, and nothing '
                'else joins them to the votes of FERPlus. Get fer2013.csv, or '
                'read the original labels with FolderFER.')
        super()._check_files()

    def _write_missing(self, all_rows: list[VoteRow],
                       rows: list[VoteRow]) -> None:
        folder = osp.join(self.data_root, SPLITS[self.split].folder)
        missing = missing_files(
            osp.join(folder, row.name) for row in rows if row.name)
        if missing and osp.isfile(self.pixel_file):
            export_images(self.pixel_file, all_rows, folder,
                          {osp.basename(path) for path in missing})
