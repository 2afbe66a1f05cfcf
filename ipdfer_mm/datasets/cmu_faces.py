"""CMU Face Images: 20 subjects, four poses, four expressions."""

import logging
import math
import os.path as osp
import re
from collections.abc import Iterator

import numpy as np
from mmengine.logging import print_log

from ipdfer_mm.geometry import ARCFACE_TEMPLATE, similarity_transform
from ipdfer_mm.geometry.five_points import POINT_COLUMNS, parse_points
from ipdfer_mm.registry import DATASETS
from ipdfer_mm.utils.csv_files import parse_number, read_table, refuse_twice
from ipdfer_mm.utils.files import subfolders, walk_files
from ipdfer_mm.utils.messages import shorten

from .fer_dataset import FERDataset
from .folds import check_fold

WORDS = {
    'angry': 'anger',
    'happy': 'happiness',
    'neutral': 'neutral',
    'sad': 'sadness',
}
# Degrees; FSA-Net's means over the images are -1, -58, 60 and -1, and the
# turned heads vary by 13 (standard deviation).
NOMINAL_YAW = {'straight': 0.0, 'left': -57.0, 'right': 57.0, 'up': 0.0}
FOLD_RULE = 'the i-th quarter of the sorted subjects is in fold i'
NAME = re.compile(
    r'(?P<subject>[^_]+)_(?P<pose>straight|left|right|up)_'
    r'(?P<word>angry|happy|neutral|sad)_(open|sunglasses)\.pgm')
SMALLER = re.compile(r'_[24]\.(pgm|bad)')
# Below this score, 14 of 624 detections, a detector mostly saw posters on the
# wall behind a face that looks up.
MIN_SCORE = 0.5
YAW = 'fsanet_yaw'


@DATASETS.register_module()
class CMUFaces(FERDataset):
    """`CMU Face Images <https://archive.ics.uci.edu/dataset/124>`_ (1999).

    Reads the layout of the UCI repository: gray images of 128x120 pixels in
    ``<data_root>/faces/<subject>/<subject>_<pose>_<expression>_<eyes>.pgm``.
    The copies of half and quarter size (``_2``, ``_4``) and those that the
    authors call bad (``.bad``) are skipped and counted. ``subject`` is the
    subject. Expressions were acted on request; many "sad" and "angry" faces
    look neutral.

    Without landmarks use ``AlignFace(crop=80)``: the square of 80 pixels in
    the middle shows on average 99 % of the detected face box (whole boxes in
    93 % of the images, 83 % of those that look right; the five points in
    95 %). 64 pixels would cut half of the boxes, and in 96 the face, about 36
    by 53 pixels, gets small.

    Args:
        data_root (str): Folder that holds ``faces``.
        fold (int, optional): 0 to 3, one of four folds that share no subject:
            a quarter of the subjects in alphabetical order, five, is tested,
            the others are trained on. Defaults to None, all subjects.
        split (str, optional): ``'train'`` or ``'test'`` of the fold.
        landmark_file (str, optional): CSV, absolute or relative to
            ``data_root``, with the columns ``file`` (relative to
            ``data_root``), ``leye_x``, ``leye_y``, ``reye_*``, ``nose_*``,
            ``lmouth_*``, ``rmouth_*`` and perhaps ``det_score`` and
            ``fsanet_yaw``, the signed yaw in degrees. Detections with a score
            below 0.5, and faces in such profile that their points look
            mirrored, are used without their landmarks and listed in the log.
            Where the file has no yaw or no trusted detection, the yaw is
            nominal: 0 for straight and up, -57 for left, 57 for right.
            Defaults to None: no landmarks, nominal yaw.
        **kwargs: As :class:`FERDataset`.

    Raises:
        ValueError: If an image has no row, a name or a cell does not parse,
            the fold or its split is none, or both landmarks and a manifest
            are given.
    """

    METAINFO = dict(classes=('anger', 'happiness', 'neutral', 'sadness'))
    NUM_FOLDS = 4
    LAYOUT = ('CMU Face Images as the UCI repository gives them out: '
              '<data_root>/faces/<subject>/<subject>_<pose>_<expression>_<eyes>'
              '.pgm')

    def __init__(self,
                 data_root: str,
                 fold: int | None = None,
                 split: str | None = None,
                 landmark_file: str | None = None,
                 **kwargs) -> None:
        if landmark_file is not None and kwargs.get('manifest') is not None:
            raise ValueError(
                f'CMUFaces: landmark_file={landmark_file!r} and manifest='
                f'{kwargs["manifest"]!r} both say where faces are; give one.')
        if fold is not None:
            check_fold(fold, self.NUM_FOLDS, split)
        self.fold = fold
        self.split = split
        super().__init__(data_root, ann_file=landmark_file or '', **kwargs)
        if fold is not None:
            # Not before: MMEngine takes text in it for the name of a file.
            self._metainfo.update(fold=fold, fold_rule=FOLD_RULE)

    def load_samples(self) -> Iterator[dict]:
        """Yield the samples, sorted by subject and file name."""
        samples = [
            sample for subject in self._find_subjects()
            for sample in self._read_subject(subject)
        ]
        if self.ann_file:
            self._add_landmarks(samples)
        yield from samples

    def _find_subjects(self) -> list[str]:
        folder = osp.join(self.data_root, 'faces')
        if not osp.isdir(folder):
            raise FileNotFoundError(f'{folder} is no folder. Expected '
                                    f'{self.LAYOUT}.')
        present = subfolders(folder)
        if self.fold is None:
            return present
        tested = np.array_split(present, self.NUM_FOLDS)[self.fold]
        return [subject for subject in present
                if (subject in tested) == (self.split == 'test')]

    def _read_subject(self, subject: str) -> Iterator[dict]:
        for path in walk_files(self.data_root, f'faces/{subject}'):
            name = osp.basename(path)
            if SMALLER.search(name):
                self.note('Smaller copies, skipped', path)
            elif name.endswith('.bad'):
                self.note('Marked bad by the authors, skipped', path)
            elif not name.endswith('.pgm'):
                self.note('Not images, skipped', path)
            else:
                match = NAME.fullmatch(name)
                if match is None or match['subject'] != subject:
                    raise ValueError(
                        f'{self._title}: the name {path} is not of the form '
                        'faces/<subject>/<subject>_<straight|left|right|up>_'
                        '<angry|happy|neutral|sad>_<open|sunglasses>.pgm.')
                yield dict(
                    img_path=path,
                    expression=WORDS[match['word']],
                    subject=subject,
                    yaw=NOMINAL_YAW[match['pose']])

    def _add_landmarks(self, samples: list[dict]) -> None:
        rows = self._read_landmarks()
        absent = [
            sample['img_path'] for sample in samples
            if sample['img_path'] not in rows
        ]
        if absent:
            raise ValueError(
                f'{self.ann_file} has no row for {len(absent)} images: '
                f'{shorten(absent)}. Detect their faces too, or leave '
                'landmark_file out.')
        for sample in samples:
            self._add_landmark_row(sample, *rows[sample['img_path']])

    def _add_landmark_row(self, sample: dict, points: np.ndarray | None,
                          yaw: float, score: float) -> None:
        # Not `score >= MIN_SCORE`: files without scores are trusted.
        if points is None or score < MIN_SCORE:
            self.note('No trusted detection, center crop and nominal yaw',
                      sample['img_path'])
            return
        if not math.isnan(yaw):
            sample['yaw'] = yaw
        try:
            similarity_transform(points, ARCFACE_TEMPLATE)
        except ValueError:
            self.note('Points as in full profile, center crop',
                      sample['img_path'])
        else:
            sample['landmarks'] = points

    def _read_landmarks(self) -> dict[str, tuple]:
        """Map each file to its points, or None, its yaw and its score."""
        rows: dict[str, tuple] = {}
        first: dict[str, str] = {}
        for where, cells in read_table(
                self.ann_file, ('file', *POINT_COLUMNS),
                optional=(YAW, 'det_score')):
            refuse_twice(first, cells['file'], where)
            yaw, score = (parse_number(cells.get(name, ''), name, where)
                          for name in (YAW, 'det_score'))
            rows[cells['file']] = parse_points(cells, where), yaw, score
        if all(math.isnan(yaw) for _, yaw, _ in rows.values()):
            print_log(
                f'{self.ann_file} has no yaw in a column {YAW}: the nominal '
                f'yaw is used, {NOMINAL_YAW}.',
                logger='current',
                level=logging.WARNING)
        return rows
