"""Eq. 3 of the IPD-FER paper."""

import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor

from ipdfer_mm.registry import MODELS


@MODELS.register_module()
class OrthogonalityLoss(BaseModule):
    r"""Similarity loss between identity and expression, Eq. 3 of the paper.

    .. math::
        L_{cos} = E \frac{|f_{id} \cdot f_{exp}|}
                         {\|f_{id}\|_2 \|f_{exp}\|_2}

    The absolute value is taken per sample: features of opposite signs in two
    samples do not cancel.

    Args:
        loss_weight (float): :math:`\beta_1` of Eq. 12. Defaults to 0.5, the
            paper's value.
    """

    def __init__(self, loss_weight: float = 0.5) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, identity_feat: Tensor,
                expression_feat: Tensor) -> Tensor:
        """Compute the weighted loss.

        Args:
            identity_feat (Tensor): Identity features, (N, D).
            expression_feat (Tensor): Expression features, (N, D).

        Returns:
            Tensor: A scalar in [0, ``loss_weight``].
        """
        cosine = F.cosine_similarity(identity_feat, expression_feat, dim=1)
        return self.loss_weight * cosine.abs().mean()
