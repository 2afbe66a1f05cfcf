"""Face recognition, from which the encoders of IPD-FER start."""


import torch
import torch.nn as nn
import torch.nn.functional as F
from mmpretrain.models import ImageClassifier
from mmpretrain.structures import DataSample
from torch import Tensor

from ipdfer_mm.registry import MODELS


@MODELS.register_module()
class FaceRecognizer(ImageClassifier):
    """mmpretrain's classifier, tested on subjects it was not trained on.

    It is trained like any ``ImageClassifier``, for example with
    ``ArcFaceClsHead``, to name the subjects of the training set. The subjects
    of a test set are others, so instead of a class :meth:`predict` gives the
    feature, by which :class:`VerificationMetric` compares faces.

    Args:
        *args: As mmpretrain's ``ImageClassifier``.
        data_preprocessor (dict or nn.Module, optional): Likewise; the type of
            a dict is ``ClsDataPreprocessor`` where it says none, whatever the
            scope.
        **kwargs: As mmpretrain's ``ImageClassifier``.

    Attributes:
        names_classes (bool): False, its predictions name no class.
    """

    names_classes = False

    def __init__(self,
                 *args,
                 data_preprocessor: dict | nn.Module | None = None,
                 **kwargs) -> None:
        if not isinstance(data_preprocessor, nn.Module):
            data_preprocessor = {
                'type': 'mmpretrain.ClsDataPreprocessor',
                **(data_preprocessor or {})
            }
        super().__init__(*args, data_preprocessor=data_preprocessor, **kwargs)

    def loss(self, inputs: Tensor,
             data_samples: list[DataSample]) -> dict[str, Tensor]:
        """Losses of a batch, those of the head.

        The head gets features of full precision: margin heads of mmpretrain
        compute outside of autocast, with their weights in float32.

        Args:
            inputs (Tensor): Preprocessed faces, (N, 3, H, W).
            data_samples (list[DataSample]): Their labels.

        Returns:
            dict[str, Tensor]: Scalars by name.
        """
        feats = self.extract_feat(inputs)
        full = tuple(
            feat.to(torch.promote_types(feat.dtype, torch.float32))
            for feat in feats)
        return self.head.loss(full, data_samples)

    def predict(self,
                inputs: Tensor,
                data_samples: list[DataSample] | None = None,
                **kwargs) -> list[DataSample]:
        """Embed faces.

        Args:
            inputs (Tensor): Preprocessed faces, (N, 3, H, W).
            data_samples (list[DataSample], optional): Their samples.
            **kwargs: Not used; arguments of a classifier's head.

        Returns:
            list[DataSample]: The samples with ``feature``, (D, ), the input
            of the head scaled to length 1.

        Raises:
            ValueError: If the head gets maps, not vectors.
        """
        feats = self.extract_feat(inputs, stage='pre_logits')  # NxD
        if feats.dim() != 2:
            raise ValueError(
                f'FaceRecognizer compares vectors, but its features are '
                f'{tuple(feats.shape)}. Give it the neck '
                "dict(type='mmpretrain.GlobalAveragePooling').")
        if data_samples is None:
            data_samples = [DataSample() for _ in range(len(feats))]
        for sample, feat in zip(data_samples, F.normalize(feats)):
            sample.set_field(feat, 'feature')
        return data_samples
