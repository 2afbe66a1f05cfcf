"""What a classifier says of each test image."""

import os.path as osp
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import mmengine
import numpy as np
from sklearn.metrics import f1_score, recall_score

from ipdfer_mm.geometry.yaw_bins import UNKNOWN_POSE


@dataclass
class Predictions:
    """Predictions for test images, in the order of the dataset.

    Attributes:
        source (str): The file, for messages.
        classes (tuple[str, ...]): Names in the order of the labels.
        paths (list[str]): The images, (N, ).
        subjects (np.ndarray): The subject on each, (N, ); empty strings where
            not known.
        poses (np.ndarray): Yaw bin, (N, ), see
            :func:`ipdfer_mm.geometry.yaw_bins.yaw_bin`.
        labels (np.ndarray): True class, (N, ).
        scores (np.ndarray): Probabilities, (N, K); those of classes that are
            not asked for are zero.
    """

    source: str
    classes: tuple[str, ...]
    paths: list[str]
    subjects: np.ndarray
    poses: np.ndarray
    labels: np.ndarray
    scores: np.ndarray

    @property
    def names(self) -> list[str]:
        """The images, relative to the folder that all are in."""
        folder = osp.commonpath([osp.dirname(path) for path in self.paths])
        return [osp.relpath(path, folder) for path in self.paths]

    @property
    def predicted(self) -> np.ndarray:
        """Predicted class, (N, )."""
        return self.scores.argmax(axis=1)

    @property
    def right(self) -> np.ndarray:
        """Whether each prediction is right, (N, ), bool."""
        return self.predicted == self.labels

    @property
    def has_subjects(self) -> bool:
        """Whether the subject on every image is known."""
        return bool((self.subjects != '').all())

    @property
    def groups(self) -> np.ndarray:
        """The subject on each image, or its name where not all are known."""
        return self.subjects if self.has_subjects else np.array(self.names)

    @property
    def accuracy(self) -> float:
        """Share of right predictions, per cent."""
        return 100 * float(self.right.mean())

    @property
    def macro_f1(self) -> float:
        """Mean of the F1 of the classes that occur, per cent."""
        return 100 * float(f1_score(
            self.labels, self.predicted, average='macro', zero_division=0))

    @property
    def uar(self) -> float:
        """Unweighted average recall of the true classes, per cent."""
        return 100 * float(recall_score(
            self.labels, self.predicted, labels=np.unique(self.labels),
            average='macro'))


def load_predictions(path: Path,
                     classes: Sequence[str],
                     asked: Sequence[str] | None = None) -> Predictions:
    """Read what ``tools/test.py --out`` wrote.

    It is a pickle, which can run any code: only for your own files.

    Args:
        path (Path): The file.
        classes (Sequence[str]): Names in the order of the labels.
        asked (Sequence[str], optional): Classes to choose from, as
            :class:`ClassSubsetAccuracy` does; images of others are left
            out. Defaults to None, all.

    Returns:
        Predictions: The predictions.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If it holds no predictions, or of other classes.
    """
    try:
        samples = mmengine.load(path)
    except OSError:
        raise
    # A damaged pickle raises almost any other.
    except Exception as error:
        raise ValueError(f'{path} cannot be read as predictions ({error}). '
                         'Write them with tools/test.py --out.') from error
    if not isinstance(samples, list) or not samples or not all(
            isinstance(sample, dict) and {'pred_score', 'gt_label', 'img_path'}
            <= set(sample) for sample in samples):
        raise ValueError(f'{path} holds no predictions. Write them with '
                         'tools/test.py --out.')
    scores = np.stack([np.asarray(s['pred_score'], float) for s in samples])
    if scores.shape[1] != len(classes):
        raise ValueError(f'{path} has scores of {scores.shape[1]} classes, '
                         f'but the classes are {tuple(classes)}.')
    labels = np.array([int(s['gt_label']) for s in samples])
    keep = np.ones(len(labels), bool)
    if asked is not None:
        allowed = np.isin(np.array(classes), asked)
        scores = scores * allowed
        keep = allowed[labels]
    if not keep.any():
        raise ValueError(f'{path} has no image of the classes {asked}.')
    samples = [sample for sample, kept in zip(samples, keep) if kept]
    return Predictions(
        source=str(path),
        classes=tuple(classes),
        paths=[s['img_path'] for s in samples],
        subjects=np.array([s.get('subject') or '' for s in samples]),
        poses=np.array([int(s.get('pose_label', UNKNOWN_POSE))
                        for s in samples]),
        labels=labels[keep],
        scores=scores[keep])


def pool(parts: Sequence[Predictions]) -> Predictions:
    """Put the predictions of the folds of a cross-validation together.

    Args:
        parts (Sequence[Predictions]): One or more, of different images.

    Returns:
        Predictions: All of them.

    Raises:
        ValueError: If classes differ, or an image is in two of them.
    """
    paths = [path for part in parts for path in part.paths]
    if len(set(paths)) != len(paths) or len({p.classes for p in parts}) > 1:
        raise ValueError(
            'Folds must have the same classes and share no image: '
            f'{", ".join(part.source for part in parts)}.')
    arrays = {name: np.concatenate([getattr(part, name) for part in parts])
              for name in ('subjects', 'poses', 'labels', 'scores')}
    return Predictions(
        source=', '.join(part.source for part in parts),
        classes=parts[0].classes,
        paths=paths,
        **arrays)


def check_same_images(first: Predictions, second: Predictions) -> None:
    """Refuse to compare classifiers on different images.

    Args:
        first (Predictions): Of one classifier.
        second (Predictions): Of another.

    Raises:
        ValueError: If images, their order, labels or classes differ; names
            both files.
    """
    same = {
        'classes': first.classes == second.classes,
        'test images': first.names == second.names,
        'labels': np.array_equal(first.labels, second.labels),
    }
    for what, is_same in same.items():
        if not is_same:
            raise ValueError(
                f'{first.source} and {second.source} have different {what}, '
                'so they cannot be compared. Test both on the same data, '
                'with the same manifest.')
