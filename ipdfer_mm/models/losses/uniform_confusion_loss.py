"""Eq. 4 of the IPD-FER paper."""

import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor

from ipdfer_mm.registry import MODELS


@MODELS.register_module()
class UniformConfusionLoss(BaseModule):
    r"""Confusion loss against the uniform distribution, Eq. 4 of the paper.

    .. math::
        L_{confusion} = -E \sum_{k=1}^{K_P} \frac{1}{K_P}
            \log \mathrm{softmax}(C_p(E_{exp}(x)))_k

    Its minimum, :math:`\log K_P` times the weight, is reached when the pose
    classifier can tell nothing from the expression feature.

    Args:
        loss_weight (float): :math:`\beta_2` of Eq. 12. Defaults to 1.0, the
            paper's value.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, pose_logits: Tensor) -> Tensor:
        """Compute the weighted loss.

        Args:
            pose_logits (Tensor): What the pose classifier says of the
                expression feature, before softmax, (N, K_P).

        Returns:
            Tensor: A scalar.
        """
        log_prob = F.log_softmax(pose_logits, dim=1)
        return -self.loss_weight * log_prob.mean()
