"""CK+: sequences from neutral to the peak of an expression."""

import os.path as osp
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ipdfer_mm.geometry import five_points
from ipdfer_mm.registry import DATASETS
from ipdfer_mm.utils.csv_files import read_text
from ipdfer_mm.utils.expressions import EXPRESSIONS, expression_name
from ipdfer_mm.utils.files import is_image, subfolders, walk_files

from .fer_dataset import FERDataset
from .folds import check_fold

# 0 would be neutral, but no sequence has it.
LABELS = ('neutral', 'anger', 'contempt', 'disgust', 'fear', 'happiness',
          'sadness', 'surprise')
IMAGES = ('cohn-kanade-images',
          'extended-cohn-kanade-images/cohn-kanade-images')
EMOTIONS = ('Emotion', 'Emotion_labels/Emotion')
LANDMARKS = ('Landmarks', 'Landmarks/Landmarks')
FOLD_RULE = 'the i-th of the sorted labeled subjects is in fold i mod 10'
NUM_PEAK = 3
# Of the official set.
NUM_SEQUENCES = 327
NUM_SUBJECTS = 118


class LabeledSequence(NamedTuple):
    """A sequence with a label.

    Attributes:
        subject (str): Such as ``'S005'``.
        expression (str): Name of its class.
        frames (list[str]): Its frames in order, relative to the data root.
    """

    subject: str
    expression: str
    frames: list[str]


@DATASETS.register_module()
class CKPlus(FERDataset):
    """`CK+ <https://doi.org/10.1109/CVPRW.2010.5543262>`_ in ten folds.

    Reads the archives of its authors as they unpack (also with the folders
    ``extended-cohn-kanade-images`` and ``Emotion_labels`` around them)::

        data_root
        ├── cohn-kanade-images/S005/001/S005_001_00000011.png ...
        ├── Emotion/S005/001/S005_001_00000011_emotion.txt ...
        └── Landmarks/S005/001/S005_001_00000011_landmarks.txt ...

    As in the IPD-FER paper, the last three frames of each of the 327 labeled
    sequences show the expression (981 images), and the first one the
    neutral face (327). A model learns all eight classes, but is tested on the
    last frames only; do so among the expressions, ``ClassSubsetAccuracy``
    masks the neutral score. No subject is in both splits of a fold: the i-th
    of the sorted subjects that have a labeled sequence, counted from 0, is
    tested in fold i mod 10. ``subject`` is the subject. ``landmarks`` are
    those of the authors; without the folder ``Landmarks`` there are none.
    All heads are frontal, but no yaw is given.

    Args:
        data_root (str): Folder as above.
        split (str): ``'train'`` or ``'test'``.
        fold (int): 0 to 9.
        num_expressions (int): 7, or 6 to leave out the last frames of
            contempt, from both splits: the two settings of the paper's
            Table 2. The folds are the same. Defaults to 7.
        metainfo (dict, optional): As :class:`FERDataset`. Defaults to None:
            eight classes, or seven with 6 expressions. ``fold`` and
            ``fold_rule`` are added to it.
        **kwargs: As :class:`FERDataset`, without ``drop_classes``.

    Raises:
        FileNotFoundError: If folders or frames are missing.
        ValueError: If an argument is out of range, a file does not hold what
            it should, or the folder is CK+48, which has no neutral frames.
    """

    METAINFO = dict(classes=(*EXPRESSIONS, 'contempt'))
    NUM_FOLDS = 10
    LAYOUT = ('CK+ as its authors give it out: <data_root>/cohn-kanade-images/'
              'S005/001/S005_001_00000011.png and <data_root>/Emotion/S005/'
              '001/S005_001_00000011_emotion.txt')

    def __init__(self,
                 data_root: str,
                 split: str,
                 fold: int,
                 num_expressions: int = 7,
                 metainfo: dict | None = None,
                 **kwargs) -> None:
        check_fold(fold, self.NUM_FOLDS, split)
        if num_expressions not in (6, 7):
            raise ValueError(f'num_expressions={num_expressions!r} must be 7, '
                             'or 6 to leave out contempt.')
        self.split = split
        self.fold = fold
        if num_expressions == 6:
            metainfo = dict(dict(classes=EXPRESSIONS), **(metainfo or {}))
            kwargs['drop_classes'] = ('contempt', )
        super().__init__(data_root, metainfo=metainfo, **kwargs)
        # Not before: MMEngine takes text in it for the name of a file.
        self._metainfo.update(fold=fold, fold_rule=FOLD_RULE)

    def load_samples(self) -> Iterator[dict]:
        """Yield the samples, sorted by subject and sequence."""
        return self._load_frames(self.split == 'train')

    def list_images(self) -> Iterator[dict]:
        """As the base class; with the neutral frames of the test split.

        Other folds train on them.
        """
        self._check_files()
        return self._load_frames(True)

    def _load_frames(self, with_neutral: bool) -> Iterator[dict]:
        sequences = list(self._read_sequences())
        subjects = sorted({sequence.subject for sequence in sequences})
        # Others would be in other folds.
        self.warn_unless_official(
            f'{len(sequences)} labeled sequences of {len(subjects)} subjects',
            f'{NUM_SEQUENCES} labeled sequences of {NUM_SUBJECTS} subjects')
        tested = subjects[self.fold::self.NUM_FOLDS]
        landmarks = self._find(LANDMARKS)
        for sequence in sequences:
            if (sequence.subject in tested) == (self.split == 'test'):
                for sample in self._to_samples(sequence, with_neutral):
                    if landmarks is not None and self.manifest is None:
                        self._add_landmarks(sample, landmarks)
                    yield sample

    @property
    def _title(self) -> str:
        return f'{super()._title} of fold {self.fold}'

    def _check_files(self) -> None:
        folders = subfolders(self.data_root)
        if self._find(IMAGES) is None and (
                'CK+48' in folders or any(map(expression_name, folders))):
            raise ValueError(
                f'{self._title}: this looks like CK+48, whose folders anger, '
                'contempt, ... hold the last frames only. Without neutral '
                'frames IPD-FER cannot be trained. Get CK+ from its authors; '
                f'expected {self.LAYOUT}.')
        super()._check_files()

    def _find(self, places: tuple[str, ...]) -> str | None:
        """Last of several places, relative to the data root, that exists."""
        return next((place for place in reversed(places)
                     if osp.isdir(osp.join(self.data_root, place))), None)

    def _read_sequences(self) -> Iterator[LabeledSequence]:
        images, emotions = self._find(IMAGES), self._find(EMOTIONS)
        if images is None or emotions is None:
            raise FileNotFoundError(
                f'{self._title}: there is no folder '
                f'{IMAGES[0] if images is None else EMOTIONS[0]}. '
                f'Expected {self.LAYOUT}.')
        for subject in subfolders(osp.join(self.data_root, images)):
            folder = osp.join(self.data_root, images, subject)
            for number in subfolders(folder):
                label = self._find_label(f'{emotions}/{subject}/{number}')
                if label is None:
                    self.note('Sequences without a label, skipped',
                              f'{subject}/{number}')
                    continue
                frames = self._list_frames(f'{images}/{subject}/{number}')
                peak = osp.splitext(osp.basename(frames[-1]))[0]
                if osp.basename(label) != f'{peak}_emotion.txt':
                    self.note('Labels of another frame than the last, kept',
                              label)
                yield LabeledSequence(subject, self._read_label(label),
                                      frames)

    def _find_label(self, folder: str) -> str | None:
        if not osp.isdir(osp.join(self.data_root, folder)):
            return None
        labels = [path for path in walk_files(self.data_root, folder)
                  if path.endswith('_emotion.txt')]
        if len(labels) > 1:
            raise ValueError(f'{self._title}: {folder} holds {len(labels)} '
                             'labels, but a sequence has one. Unpack it '
                             'again.')
        return labels[0] if labels else None

    def _list_frames(self, folder: str) -> list[str]:
        frames = [path for path in walk_files(self.data_root, folder)
                  if is_image(path)]
        if len(frames) <= NUM_PEAK:
            raise FileNotFoundError(
                f'{self._title}: the labeled sequence {folder} has only '
                f'{len(frames)} frames, but needs a neutral one and '
                f'{NUM_PEAK} at the peak. Unpack it again.')
        return frames

    def _read_label(self, path: str) -> str:
        text = read_text(osp.join(self.data_root, path)).strip()
        names = {str(float(i)): name for i, name in enumerate(LABELS) if i}
        try:
            return names[str(float(text))]
        except (KeyError, ValueError):
            raise ValueError(
                f'{osp.join(self.data_root, path)}: the label {text!r} is not '
                'one of 1 to 7 (1 anger, 2 contempt, ... 7 surprise).'
            ) from None

    @staticmethod
    def _to_samples(sequence: LabeledSequence,
                    with_neutral: bool) -> Iterator[dict]:
        if with_neutral:
            yield dict(img_path=sequence.frames[0], expression='neutral',
                       subject=sequence.subject)
        for frame in sequence.frames[-NUM_PEAK:]:
            yield dict(img_path=frame, expression=sequence.expression,
                       subject=sequence.subject)

    def _add_landmarks(self, sample: dict, folder: str) -> None:
        *_, subject, number, name = sample['img_path'].split('/')
        path = osp.join(self.data_root, folder, subject, number,
                        f'{osp.splitext(name)[0]}_landmarks.txt')
        if not osp.isfile(path):
            self.note('No landmarks', sample['img_path'])
            return
        try:
            values = np.array(read_text(path).split(), float).reshape(68, 2)
        except ValueError:
            values = np.array(np.nan)
        if not np.isfinite(values).all():
            raise ValueError(f'{path} does not hold 68 pairs of numbers. '
                             'Unpack it again.')
        sample['landmarks'] = five_points(values)
