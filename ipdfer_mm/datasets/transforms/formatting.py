"""Packing samples for the model."""

import torch
from mmpretrain.datasets.transforms import PackInputs

from ipdfer_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PackFaceInputs(PackInputs):
    """Pack a face as mmpretrain's ``PackInputs`` does, with pose and subject.

    Beside what that one packs, the ``DataSample`` gets, where the sample has
    them:

    - ``pose_label``, a LongTensor of shape (1,): yaw bin, -100 where
      the yaw is unknown;
    - as meta information ``yaw`` (float, degrees, nan where unknown) of the
      face as it is packed, which is the negative of the stored one where the
      image was flipped horizontally, ``subject`` (str), ``flags``
      (tuple[str]) and ``neutral_img_path`` (str).

    Required keys: img. Optional keys: gt_label, gt_score, pose_label, yaw,
    flip, flip_direction and the meta keys.
    """

    DEFAULT_META_KEYS = (*PackInputs.DEFAULT_META_KEYS, 'subject', 'yaw',
                         'flags', 'neutral_img_path')

    def __init__(self) -> None:
        super().__init__(
            algorithm_keys=('pose_label', ), meta_keys=self.DEFAULT_META_KEYS)

    def transform(self, results: dict) -> dict:
        """Pack one sample.

        Args:
            results (dict): Has ``img`` (np.ndarray of shape (H, W, 3)).

        Returns:
            dict: ``inputs`` (torch.Tensor of shape (3, H, W)) and
            ``data_samples`` (DataSample).
        """
        results = results.copy()
        if 'pose_label' in results:
            results['pose_label'] = torch.tensor([results['pose_label']],
                                                 dtype=torch.long)
        if 'yaw' in results:
            flipped = (
                results.get('flip')
                and results['flip_direction'] == 'horizontal')
            yaw = float(results['yaw'])
            results['yaw'] = -yaw if flipped else yaw
        return super().transform(results)
