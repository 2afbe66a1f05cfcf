"""Test-time augmentation."""

from mmpretrain.models import AverageClsScoreTTA
from mmpretrain.structures import DataSample

from ipdfer_mm.registry import MODELS


@MODELS.register_module()
class AverageScoreTTA(AverageClsScoreTTA):
    """Average the scores of the augmented images, and label by the average.

    mmpretrain's averages the scores only: the label, which predictions that
    are written or drawn have too, stays that of the first augmentation.
    """

    def _merge_single_sample(self,
                             data_samples: list[DataSample]) -> DataSample:
        merged = super()._merge_single_sample(data_samples)
        return merged.set_pred_label(merged.pred_score.argmax())
