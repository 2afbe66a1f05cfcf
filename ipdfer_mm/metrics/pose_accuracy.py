"""Accuracy by head pose."""

from collections.abc import Sequence

import numpy as np
from mmengine.evaluator import BaseMetric

from ipdfer_mm.geometry.yaw_bins import POSE_EDGES
from ipdfer_mm.registry import METRICS

# Results of the bins.
YAW_NAMES = [f'yaw_{low:g}_{high}' for low, high in zip(
    (0, *POSE_EDGES), (*POSE_EDGES, 'up'))]


def wilson_interval(right: int, count: int) -> tuple[float, float]:
    """95 % confidence interval of an accuracy.

    Args:
        right (int): Images that were recognized.
        count (int): Of how many, at least one.

    Returns:
        tuple[float, float]: Its ends, per cent.
    """
    # Here: it takes long, and every program imports the metrics.
    from scipy.stats import binomtest

    low, high = binomtest(right, count).proportion_ci(method='wilson')
    return 100 * float(low), 100 * float(high)


@METRICS.register_module()
class PoseAccuracy(BaseMetric):
    """Top-1 accuracy for each yaw bin, and above each of its edges.

    The classes are those of the paper's Table 1, the cumulative ones those of
    its Table 8. Images of unknown yaw do not count.

    Args:
        intervals (bool): Whether to add to each result ``<name>`` its 95 %
            Wilson score interval, ``<name>_low`` and ``<name>_high`` (per
            cent), and the number of images, ``<name>_images``. Defaults
            to False, which keeps the log short.
        **kwargs: Of :class:`mmengine.evaluator.BaseMetric`, whose ``prefix``
            is 'accuracy' by default: the results are ``accuracy/yaw_0_10``
            ... ``accuracy/yaw_40_up`` and ``accuracy/yaw_over_10`` ...
            ``accuracy/yaw_over_40``, in per cent; nan without an image.
    """

    default_prefix = 'accuracy'

    def __init__(self, intervals: bool = False, **kwargs) -> None:
        super().__init__(**kwargs)
        self.intervals = intervals

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Process the samples of a batch.

        Args:
            data_batch (dict): Not used.
            data_samples (Sequence[dict]): With ``gt_label`` (1, ),
                ``pred_score`` (K, ) and ``pose_label`` (1, ), the class of
                the yaw, negative where unknown.

        Raises:
            ValueError: If the samples have no ``pose_label``.
        """
        for sample in data_samples:
            if 'pose_label' not in sample:
                raise ValueError(
                    'PoseAccuracy needs the pose of each face. End the '
                    "pipeline with dict(type='ipdfer_mm.PackFaceInputs') on a "
                    'dataset of ipdfer_mm.')
            right = int(sample['pred_score'].argmax()) == int(
                sample['gt_label'])
            self.results.append((int(sample['pose_label']), right))

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Average over the samples of each class.

        Args:
            results (list[tuple[int, bool]]): Yaw bin of each sample,
                and whether the prediction is right.

        Returns:
            dict[str, float]: Accuracies in per cent and, if asked for, their
            intervals and numbers of images.
        """
        poses, right = np.array(results, dtype=int).reshape(-1, 2).T
        report: dict[str, float] = {}
        for pose, name in enumerate(YAW_NAMES):
            report |= self._accuracy(name, right[poses == pose])
        for pose, low in enumerate(POSE_EDGES, start=1):
            report |= self._accuracy(f'yaw_over_{low:g}', right[poses >= pose])
        return report

    def _accuracy(self, name: str, right: np.ndarray) -> dict[str, float]:
        count = len(right)
        report = {name: 100 * right.mean() if count else np.nan}
        if self.intervals:
            low, high = (wilson_interval(int(right.sum()), count) if count
                         else (np.nan, np.nan))
            report |= {f'{name}_low': low, f'{name}_high': high,
                       f'{name}_images': count}
        return {key: float(value) for key, value in report.items()}
