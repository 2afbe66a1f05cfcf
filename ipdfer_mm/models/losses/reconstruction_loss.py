"""Eq. 1 of the IPD-FER paper."""

import torch
from mmengine.model import BaseModule
from torch import Tensor

from ipdfer_mm.registry import MODELS


@MODELS.register_module()
class ReconstructionLoss(BaseModule):
    r"""Reconstruction loss, Eq. 1 of the IPD-FER paper.

    .. math::
        L_{recon} = E \|x^f_{ipe} - x\|_1 + E\, 1[y_e = c] \|x^f_{ip} - x\|_1

    Each norm is the mean over the elements of an image, and both
    expectations are means over the whole batch: the neutral term is divided
    by the batch size, not by the number of neutral samples.

    Args:
        loss_weight (float): :math:`\lambda_4` of Eq. 11. Defaults to 10.0,
            the paper's value.
        neutral_weight (float): Factor of the second term; with the inverse of
            the share of neutral images it is their mean. Defaults to 1.0,
            Eq. 1.
    """

    def __init__(self,
                 loss_weight: float = 10.0,
                 neutral_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight
        self.neutral_weight = neutral_weight

    def forward(self, reconstruction: Tensor, neutral: Tensor, inputs: Tensor,
                is_neutral: Tensor) -> Tensor:
        """Compute the weighted loss.

        Args:
            reconstruction (Tensor): Decoded from identity, pose and
                expression, (N, 3, H, W) in [-1, 1].
            neutral (Tensor): Decoded from identity and pose, (N, 3, H, W)
                in [-1, 1].
            inputs (Tensor): The images to rebuild, (N, 3, H, W) in [-1, 1].
            is_neutral (Tensor): Whether a sample is labeled neutral,
                (N, ) of bool.

        Returns:
            Tensor: A scalar.
        """
        l1_recon = (reconstruction - inputs).abs().mean()
        l1_neutral = (neutral - inputs).abs().flatten(1).mean(dim=1)  # (N, )
        l1_neutral = torch.where(is_neutral, l1_neutral, 0).mean()
        return self.loss_weight * (
            l1_recon + self.neutral_weight * l1_neutral)
