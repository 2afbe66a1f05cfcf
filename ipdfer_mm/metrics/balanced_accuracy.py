"""Balanced accuracy."""

from collections.abc import Sequence

import numpy as np
from mmengine.evaluator import BaseMetric

from ipdfer_mm.registry import METRICS


@METRICS.register_module()
class BalancedAccuracy(BaseMetric):
    """Mean accuracy of the classes that the test set has, in per cent.

    Also called unweighted average recall (UAR). mmpretrain's
    ``SingleLabelMetric`` averages over all classes, those without a sample
    with a recall of 0.

    Args:
        **kwargs: Of :class:`mmengine.evaluator.BaseMetric`, whose ``prefix``
            is 'balanced' by default: the result is ``balanced/top1``.
    """

    default_prefix = 'balanced'

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Keep the labels of a batch.

        Args:
            data_batch (dict): Not used.
            data_samples (Sequence[dict]): With ``gt_label`` (1, ) and
                ``pred_label`` (1, ).
        """
        self.results += [(int(sample['gt_label']), int(sample['pred_label']))
                         for sample in data_samples]

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Average over the classes.

        Args:
            results (list[tuple[int, int]]): Label and prediction of each
                sample.

        Returns:
            dict[str, float]: ``top1``.
        """
        labels, predictions = np.array(results).T
        recalls = [(predictions[labels == label] == label).mean()
                   for label in np.unique(labels)]
        return dict(top1=100 * float(np.mean(recalls)))
