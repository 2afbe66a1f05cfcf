"""1:1 verification: do two pictures show the same person?"""

from collections.abc import Sequence

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from sklearn.metrics import roc_auc_score

from ipdfer_mm.registry import METRICS


@METRICS.register_module()
class VerificationMetric(BaseMetric):
    """Area under the ROC curve of the cosine over all pairs of pictures.

    The probability that two pictures of the same person have a larger cosine
    of their features than two of different people; chance is 0.5. Every
    picture is paired with every other.

    Args:
        collect_device (str): See :class:`mmengine.evaluator.BaseMetric`.
        prefix (str, optional): Prefix of the result's name. Defaults to
            'verification': the result is ``verification/auc``, in [0, 1].
    """

    default_prefix = 'verification'

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Keep the features of a batch.

        Args:
            data_batch (dict): Not used.
            data_samples (Sequence[dict]): With ``gt_label`` (1, ), the
                person, and ``feature`` (D, ), as :class:`FaceRecognizer`
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
        """Compare all pairs.

        Args:
            results (list[tuple[int, Tensor]]): Person and feature of each
                picture.

        Returns:
            dict[str, float]: ``auc``.

        Raises:
            ValueError: If there is no pair of the same person, or none of
                different people.
        """
        people = np.array([person for person, _ in results])
        feats = torch.nn.functional.normalize(
            torch.stack([feat.float() for _, feat in results]))
        first, second = np.triu_indices(len(people), k=1)
        same = people[first] == people[second]
        if same.all() or not same.any():
            raise ValueError(
                'VerificationMetric needs pairs of pictures of the same '
                f'person and of different people, but the {len(people)} '
                f'pictures show {len(set(people.tolist()))} people.')
        cosine = (feats @ feats.T).numpy()[first, second]
        return dict(auc=float(roc_auc_score(same, cosine)))
