"""Which scores and head poses carry a label."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import MessageHub

from ipdfer_mm.geometry.yaw_bins import POSE_EDGES, yaw_bin
from ipdfer_mm.registry import METRICS

# Key of the thresholds in MMEngine's message hub and in checkpoints.
RELIABILITY = 'reliability'
# Of ten labels that are shown, eight shall be right.
PRECISION = 0.8
# Where that cannot be reached, the best that can, but more than this.
HALF = 0.5
# Fewer predictions say nothing about a class or a yaw bin.
MIN_PREDICTIONS = 20
NEVER = 1.01


@dataclass(frozen=True)
class Thresholds:
    """Scores from which on a label is carried.

    Args:
        by_class (dict[str, float]): By the name of the label.
        by_yaw (tuple[float]): By yaw bin.
    """

    by_class: dict[str, float]
    by_yaw: tuple[float, ...]

    def carries(self, label: str, score: float, yaw: float) -> bool:
        """Whether a score is high enough for its label and head pose.

        Args:
            label (str): Name of the class.
            score (float): Its probability.
            yaw (float): In degrees; nan where unknown, which only the class
                then decides.

        Returns:
            bool: False where the classifier is unsure.
        """
        return score >= self.lowest(label, yaw_bin(yaw))

    def lowest(self, label: str, pose: int) -> float:
        """The score from which on a label is carried.

        Args:
            label (str): Name of the class.
            pose (int): Yaw bin, negative where unknown.

        Returns:
            float: In [0, 1], or 1.01 where no score is enough.
        """
        lowest = self.by_class.get(label, 0.)
        return lowest if pose < 0 else max(lowest, self.by_yaw[pose])


def fit_thresholds(scores: np.ndarray, labels: np.ndarray,
                   yaw_bins: np.ndarray,
                   classes: Sequence[str]) -> Thresholds:
    """Find the lowest scores at which enough predictions are right.

    Of the predictions of each class, and of those in each yaw bin, those with
    the threshold's score or more are right in 80 %, or as often as can be
    reached, if that is at least half. A class with fewer than
    20 predictions gets the threshold of all, a bin that of the one before.

    Args:
        scores (np.ndarray): Probabilities of images that were not trained
            on, (N, K).
        labels (np.ndarray): True classes, (N, ).
        yaw_bins (np.ndarray): Of each image, (N, ), negative where unknown.
        classes (Sequence[str]): Names, (K, ).

    Returns:
        Thresholds: In [0, 1]; 1.01 where no score is enough.
    """
    predicted, best = scores.argmax(axis=1), scores.max(axis=1)
    right = predicted == labels
    everywhere = _lowest(best, right, 0.)
    by_class = {
        name: _lowest(best[predicted == i], right[predicted == i], everywhere)
        for i, name in enumerate(classes)
    }
    by_yaw: list[float] = []
    for pose in range(len(POSE_EDGES) + 1):
        inside = yaw_bins == pose
        by_yaw.append(_lowest(best[inside], right[inside],
                              by_yaw[-1] if by_yaw else everywhere))
    return Thresholds(by_class, tuple(by_yaw))


def _lowest(scores: np.ndarray, right: np.ndarray, otherwise: float) -> float:
    if len(scores) < MIN_PREDICTIONS:
        return otherwise
    order = np.argsort(-scores, kind='stable')
    counts = np.arange(1, len(scores) + 1)
    precision = np.cumsum(right[order]) / counts
    precision[:MIN_PREDICTIONS - 1] = 0
    # A threshold lets all equal scores in.
    ranked = scores[order]
    precision[:-1][ranked[:-1] == ranked[1:]] = 0
    best = precision.max()
    if best < HALF:
        return NEVER
    last = int(np.flatnonzero(precision >= min(PRECISION, best))[-1])
    if last == len(scores) - 1:
        return 0.  # also for scores that were not seen
    return float(ranked[last])


@METRICS.register_module()
class Reliability(BaseMetric):
    """Thresholds for the scores, and what they come to.

    For the validation: the thresholds go into the checkpoint of the epoch,
    the best or the last one, where inference finds them.

    Args:
        **kwargs: Of :class:`mmengine.evaluator.BaseMetric`, whose ``prefix``
            is 'reliability' by default: ``reliability/unsure``, the share of
            images below the thresholds, and ``reliability/accuracy``, that of
            the others, in per cent.
    """

    default_prefix = RELIABILITY

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Keep the scores of a batch.

        Args:
            data_batch (dict): Not used.
            data_samples (Sequence[dict]): With ``gt_label`` (1, ),
                ``pred_score`` (K, ) and perhaps ``pose_label`` (1, ).
        """
        for sample in data_samples:
            self.results.append(
                (sample['pred_score'].float().cpu().numpy(),
                 int(sample['gt_label']), int(sample.get('pose_label', -1))))

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Fit the thresholds.

        Args:
            results (list[tuple]): Scores, class and yaw bin of each image.

        Returns:
            dict[str, float]: ``unsure`` and, unless all are, ``accuracy``.
        """
        scores, labels, yaw_bins = map(np.array, zip(*results))
        classes = (self.dataset_meta or {}).get(
            'classes', list(map(str, range(scores.shape[1]))))
        found = fit_thresholds(scores, labels, yaw_bins, classes)
        MessageHub.get_current_instance().update_info(
            RELIABILITY, asdict(found))
        predicted = scores.argmax(axis=1)
        lowest = [found.lowest(classes[i], pose)
                  for i, pose in zip(predicted, yaw_bins)]
        sure = scores.max(axis=1) >= lowest
        right = (predicted == labels)[sure]
        report = dict(unsure=100 * float((~sure).mean()))
        if len(right):
            report['accuracy'] = 100 * float(right.mean())
        return report
