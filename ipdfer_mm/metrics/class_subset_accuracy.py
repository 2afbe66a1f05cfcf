"""Accuracy when only some of the classes are asked for."""

from collections.abc import Sequence

import torch
from mmengine.evaluator import BaseMetric

from ipdfer_mm.registry import METRICS

OTHER_CLASS = -1


@METRICS.register_module()
class ClassSubsetAccuracy(BaseMetric):
    """Top-1 accuracy among some classes, the scores of the others masked.

    Samples of other classes do not count. It answers, for instance, how well
    happy faces are told from neutral ones by a model of all expressions; or,
    with all classes but the neutral one, whose score is then masked, how well
    it recognizes expressions at their peak, as on CK+.

    Args:
        classes (Sequence[str]): Names of at least two classes of the
            dataset.
        name (str, optional): Name of the result. Defaults to None, the
            classes: the result is ``accuracy/happiness_neutral``.
        **kwargs: Of :class:`mmengine.evaluator.BaseMetric`, whose ``prefix``
            is 'accuracy' by default.
    """

    default_prefix = 'accuracy'

    def __init__(self,
                 classes: Sequence[str],
                 name: str | None = None,
                 **kwargs) -> None:
        super().__init__(**kwargs)
        if len(set(classes)) < 2:
            raise ValueError('ClassSubsetAccuracy needs at least two '
                             f'different classes, but got {classes}.')
        self.classes = tuple(classes)
        self.name = name or '_'.join(self.classes)

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Process the samples of a batch that belong to the classes.

        Args:
            data_batch (dict): Not used.
            data_samples (Sequence[dict]): With ``gt_label`` (1, ) and
                ``pred_score`` (K, ).

        Raises:
            ValueError: If the dataset lacks one of the classes.
        """
        names = self.dataset_meta['classes']
        missing = [name for name in self.classes if name not in names]
        if missing:
            raise ValueError(
                f'ClassSubsetAccuracy: {missing} is not among the classes of '
                f'the dataset, {tuple(names)}.')
        labels = torch.tensor([names.index(name) for name in self.classes])
        for sample in data_samples:
            truth = int(sample['gt_label'])
            if truth in labels:
                scores = sample['pred_score'].cpu()[labels]
                right = int(labels[scores.argmax()]) == truth
                self.results.append(int(right))
            else:
                # One result for each sample: MMEngine cuts off the last ones,
                # with which several processes get the same number of samples.
                self.results.append(OTHER_CLASS)

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Average over the samples.

        Args:
            results (list[int]): Whether each sample was right, 1 or 0, or -1
                for one of another class.

        Returns:
            dict[str, float]: Accuracy in per cent under :attr:`name`; nan
            without a sample.
        """
        results = [right for right in results if right != OTHER_CLASS]
        accuracy = 100 * sum(results) / len(results) if results else (
            float('nan'))
        return {self.name: accuracy}
