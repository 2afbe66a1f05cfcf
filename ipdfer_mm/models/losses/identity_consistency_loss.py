"""Eq. 2 of the IPD-FER paper."""

from mmengine.model import BaseModule
from torch import Tensor

from ipdfer_mm.registry import MODELS


@MODELS.register_module()
class IdentityConsistencyLoss(BaseModule):
    r"""Identity consistency loss, Eq. 2 of the IPD-FER paper.

    .. math::
        L_{id} = E \|N(x^f_{ipe}) - N(x)\|_1 + E \|N(x^f_{ip}) - N(x)\|_1

    Each norm is the mean over the elements of a feature.

    Args:
        loss_weight (float): :math:`\lambda_3` of Eq. 11. Defaults to 1.0, the
            paper's value.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, reconstruction_feat: Tensor, neutral_feat: Tensor,
                input_feat: Tensor) -> Tensor:
        """Compute the weighted loss.

        Args:
            reconstruction_feat (Tensor): Identity feature of the
                reconstruction, (N, D).
            neutral_feat (Tensor): Identity feature of the neutral face,
                (N, D).
            input_feat (Tensor): Identity feature of the input, (N, D).

        Returns:
            Tensor: A scalar.
        """
        l1_recon = (reconstruction_feat - input_feat).abs().mean()
        l1_neutral = (neutral_feat - input_feat).abs().mean()
        return self.loss_weight * (l1_recon + l1_neutral)
