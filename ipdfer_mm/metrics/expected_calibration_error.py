"""How far the confidence of a classifier is from its accuracy."""

from collections.abc import Sequence

import torch
from mmengine.evaluator import BaseMetric
from torch import Tensor

from ipdfer_mm.registry import METRICS


@METRICS.register_module()
class ExpectedCalibrationError(BaseMetric):
    """Mean distance of confidence and accuracy over bins of confidence.

    By torchmetrics, after `On Calibration of Modern Neural Networks
    <https://arxiv.org/abs/1706.04599>`_ (Guo et al., 2017, Eq. 3): predictions
    are sorted into bins of equal width by their largest score, and the
    distances of mean score and accuracy in each bin are averaged, weighted by
    the number of predictions in it.

    Args:
        num_bins (int): Number of bins. Defaults to 15, as in that paper.
        **kwargs: Of :class:`mmengine.evaluator.BaseMetric`, whose ``prefix``
            is 'calibration' by default: the result is ``calibration/ece``, in
            [0, 1], 0 being best.

    Raises:
        ValueError: If ``num_bins`` is not positive.
    """

    default_prefix = 'calibration'

    def __init__(self, num_bins: int = 15, **kwargs) -> None:
        super().__init__(**kwargs)
        if num_bins < 1:
            raise ValueError('ExpectedCalibrationError: num_bins is '
                             f'{num_bins}, but must be at least 1.')
        self.num_bins = num_bins

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Keep the scores of a batch.

        Args:
            data_batch (dict): Not used.
            data_samples (Sequence[dict]): With ``gt_label`` (1, ) and
                ``pred_score`` (K, ), probabilities.
        """
        for sample in data_samples:
            self.results.append((sample['pred_score'].float().cpu(),
                                 int(sample['gt_label'])))

    def compute_metrics(
            self, results: list[tuple[Tensor, int]]) -> dict[str, float]:
        """Compare confidence and accuracy.

        Args:
            results (list[tuple[Tensor, int]]): Scores and true class of each
                sample.

        Returns:
            dict[str, float]: ``ece``.

        Raises:
            ValueError: If scores are no probabilities.
        """
        # Here: it takes long, and every program imports the metrics.
        from torchmetrics.functional.classification import (
            multiclass_calibration_error,
        )

        scores = torch.stack([score for score, _ in results])  # NxK
        # torchmetrics would take a softmax of them without a word.
        if scores.min() < 0 or scores.max() > 1:
            raise ValueError(
                'ExpectedCalibrationError needs probabilities, but pred_score '
                f'reaches from {float(scores.min()):g} to '
                f'{float(scores.max()):g}.')
        labels = torch.tensor([label for _, label in results])
        error = multiclass_calibration_error(
            scores, labels, num_classes=scores.shape[1], n_bins=self.num_bins)
        return dict(ece=float(error))
