"""1:1 verification: do two images show the same subject?"""

from collections.abc import Sequence

import numpy as np
import torch
from mmengine.evaluator import BaseMetric

from ipdfer_mm.registry import METRICS


@METRICS.register_module()
class VerificationMetric(BaseMetric):
    """How well the cosine of features tells one subject from two.

    It compares the pairs that the dataset names (:class:`LFWPairs`), else
    every image with every other. ``verification/auc`` is the area under
    the ROC curve, in [0, 1]: the probability that two images of the same
    subject have a larger cosine than two of different subjects; chance is 0.5.

    Args:
        false_accept_rates (Sequence[float]): Rates in (0, 1) at which to
            give the share of accepted pairs of the same subject, TAR@FAR:
            ``verification/tar@far=0.001``, in [0, 1]. The threshold is the
            lowest at which no larger share of the pairs of different subjects
            is accepted. Defaults to ().
        **kwargs: Of :class:`mmengine.evaluator.BaseMetric`, whose ``prefix``
            is 'verification' by default.
    """

    default_prefix = 'verification'

    def __init__(self,
                 false_accept_rates: Sequence[float] = (),
                 **kwargs) -> None:
        super().__init__(**kwargs)
        if not all(0 < rate < 1 for rate in false_accept_rates):
            raise ValueError('false_accept_rates are in (0, 1), but got '
                             f'{tuple(false_accept_rates)}.')
        self.false_accept_rates = tuple(false_accept_rates)

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Keep the features of a batch.

        Args:
            data_batch (dict): Not used.
            data_samples (Sequence[dict]): With ``gt_label`` (1, ), the
                subject, and ``feature`` (D, ), as :class:`FaceRecognizer`
                gives it.

        Raises:
            ValueError: If the model gives no features.
        """
        for sample in data_samples:
            if 'feature' not in sample:
                raise ValueError(
                    'VerificationMetric compares features, and the model '
                    'gives none. Use type="ipdfer_mm.FaceRecognizer".')
            self.results.append(
                (int(sample['gt_label']), sample['feature'].cpu()))

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Compare pairs.

        Args:
            results (list[tuple[int, Tensor]]): Subject and feature of each
                image, in the order of the dataset.

        Returns:
            dict[str, float]: ``auc``, ``tar@far=...`` for each rate, and,
            with the folds of the dataset's pairs, ``accuracy``: the mean
            over folds of the share of right answers, in [0, 1], with the
            threshold that is best on the other folds (LFW's protocol).

        Raises:
            ValueError: If there is no pair of the same subject, or none of
                different subjects.
        """
        # Here: it takes long, and every program imports the metrics.
        from sklearn.metrics import roc_auc_score, roc_curve

        subjects = np.array([subject for subject, _ in results])
        feats = torch.nn.functional.normalize(
            torch.stack([feat.float() for _, feat in results]))
        folds = None
        if 'pairs' in (self.dataset_meta or {}):
            folds, first, second, _ = np.array(self.dataset_meta['pairs']).T
            cosine = (feats[first] * feats[second]).sum(dim=1).numpy()
        else:
            first, second = np.triu_indices(len(subjects), k=1)
            cosine = (feats @ feats.T).numpy()[first, second]
        same = subjects[first] == subjects[second]
        if same.all() or not same.any():
            raise ValueError(
                'VerificationMetric needs pairs of images of the same '
                f'subject and of different subjects, but the {len(subjects)} '
                f'images show {len(set(subjects.tolist()))} subjects.')
        report = dict(auc=float(roc_auc_score(same, cosine)))
        far, tar, _ = roc_curve(same, cosine, drop_intermediate=False)
        for rate in self.false_accept_rates:
            report[f'tar@far={rate:g}'] = float(tar[far <= rate].max())
        if folds is not None and len(set(folds)) > 1:
            report['accuracy'] = _fold_accuracy(cosine, same, folds)
        return report


def _fold_accuracy(cosine: np.ndarray, same: np.ndarray,
                   folds: np.ndarray) -> float:
    from sklearn.metrics import roc_curve

    accuracies = []
    for fold in np.unique(folds):
        tested = folds == fold
        far, tar, thresholds = roc_curve(
            same[~tested], cosine[~tested], drop_intermediate=False)
        num_same = same[~tested].sum()
        right = tar * num_same + (1 - far) * (len(same[~tested]) - num_same)
        threshold = thresholds[right.argmax()]
        accuracies.append(
            ((cosine[tested] >= threshold) == same[tested]).mean())
    return float(np.mean(accuracies))
