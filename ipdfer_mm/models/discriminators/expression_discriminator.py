"""The discriminator of the IPD-FER paper."""


from torch import Tensor

from ipdfer_mm.models.encoders import FaceEncoder
from ipdfer_mm.registry import MODELS


@MODELS.register_module()
class ExpressionDiscriminator(FaceEncoder):
    """Classify expressions of real and synthesized faces (D, Section 3.3).

    Unlike the discriminator of an ordinary GAN it does not tell real from
    fake: it is trained on real images alone (Eq. 8), and the synthesized
    ones have to be classified as neutral (Eq. 9) and as the input's
    expression (Eq. 10).

    Args:
        backbone (dict): Any backbone that :class:`FaceEncoder` accepts.
        head (dict): A classification head of mmpretrain, which gives the K
            expression logits.
        neck (dict, optional): See :class:`FaceEncoder`.
        init_cfg (dict, optional): ``type='Pretrained'`` loads a
            face-recognition network into the backbone, see
            :class:`FaceEncoder`.
    """

    def __init__(self,
                 backbone: dict,
                 head: dict,
                 neck: dict | None = dict(
                     type='mmpretrain.GlobalAveragePooling'),
                 init_cfg: dict | None = None) -> None:
        super().__init__(backbone=backbone, neck=neck, init_cfg=init_cfg)
        self.head = MODELS.build(head)

    def forward(self, inputs: Tensor) -> Tensor:
        """Classify images.

        Args:
            inputs (Tensor): Images, (N, 3, H, W) in [-1, 1].

        Returns:
            Tensor: Expression logits, (N, K).
        """
        return self.head((super().forward(inputs), ))
