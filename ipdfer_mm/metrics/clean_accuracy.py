"""Accuracy on test images that are in no other split."""

from collections.abc import Sequence

import numpy as np
from mmengine.evaluator import BaseMetric

from ipdfer_mm.datasets.manifest import ALSO_IN
from ipdfer_mm.registry import METRICS


@METRICS.register_module()
class CleanAccuracy(BaseMetric):
    """Top-1 accuracy without the images that are also in another split.

    The manifest flags such images ``also_in_<split>``; a model may have been
    trained on them, or chosen by them. Results, in per cent:
    ``clean/top1``, ``clean/recall``, the mean over the classes that have a
    clean image, and ``clean/seen_top1`` on the images left out; ``clean/
    count`` is the number of clean images.

    Args:
        flags (Sequence[str], optional): Flags of images to leave out, instead
            of those ``also_in_<split>``.
        **kwargs: Of :class:`mmengine.evaluator.BaseMetric`, whose ``prefix``
            is 'clean' by default.
    """

    default_prefix = 'clean'

    def __init__(self,
                 flags: Sequence[str] | None = None,
                 **kwargs) -> None:
        super().__init__(**kwargs)
        self.flags = None if flags is None else set(flags)

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Process the samples of a batch.

        Args:
            data_batch (dict): Not used.
            data_samples (Sequence[dict]): With ``gt_label`` (1, ),
                ``pred_label`` (1, ) and ``flags``.

        Raises:
            ValueError: If the samples have no flags, as without a manifest.
        """
        for sample in data_samples:
            if 'flags' not in sample:
                raise ValueError(
                    'CleanAccuracy needs the flags of a manifest. Give the '
                    'dataset one, made by tools/prepare_dataset.py, and pack '
                    'its samples with PackFaceInputs.')
            if self.flags is None:
                seen = any(flag.startswith(ALSO_IN)
                           for flag in sample['flags'])
            else:
                seen = bool(self.flags.intersection(sample['flags']))
            self.results.append((int(sample['gt_label']),
                                 int(sample['pred_label']), seen))

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Average over the clean samples.

        Args:
            results (list[tuple[int, int, bool]]): Label, prediction and
                whether the image is left out, of each sample.

        Returns:
            dict[str, float]: See the class; nan without a sample.
        """
        table = np.array(results, dtype=int).reshape(-1, 3)
        labels, predictions, seen = table.T
        right = 100. * (labels == predictions)
        clean = seen == 0
        recalls = [right[clean & (labels == label)].mean()
                   for label in np.unique(labels[clean])]
        return dict(
            top1=_mean(right[clean]), recall=_mean(recalls),
            seen_top1=_mean(right[~clean]), count=int(clean.sum()))


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if len(values) else float('nan')
