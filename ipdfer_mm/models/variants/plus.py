"""IPD-FER whose components hold what they are named after."""

import torch
from torch import Tensor

from ipdfer_mm.registry import MODELS

from ..ipdfer import IPDFERModel
from ..targets import Targets


@MODELS.register_module()
class IPDFERPlus(IPDFERModel):
    """IPD-FER with two departures that keep its components apart.

    - The losses of the synthesized faces (Eq. 1, 2, 9 and 10) teach E_exp
      whatever helps to rebuild the image, identity and pose included. Here
      their gradient is scaled where it enters f_exp, to nothing unless told
      otherwise; the decoder and E_pose learn as in the paper. After the
      gradient reversal of `Unsupervised Domain Adaptation by Backpropagation
      <https://arxiv.org/abs/1409.7495>`_, with a factor that is not negative.
    - No loss of the paper ever sees the face of f_id alone, which its Fig. 9
      shows as frontal and neutral. Here the neutral image of some frontal
      faces, those of the first yaw bin, is decoded without f_pose, so that no
      pose means frontal as no expression means neutral in Eq. 1.

    The sum of the features needs summands of like size: config files normalize
    f_id and give E_exp a neck with batch norm (docs/ipdfer_plus.md).

    Args:
        decoder_gradient (float): The factor, in [0, 1]: 0 keeps the decoder
            from teaching E_exp, 1 is Algorithm 1. Defaults to 0.
        frontal_identity (float): Share of the frontal faces whose neutral
            image is decoded from f_id alone, in [0, 1]: 0 is Algorithm 1.
            Defaults to 0.5.
        **kwargs: Of :class:`IPDFERModel`.

    Raises:
        ValueError: If one of them is not in [0, 1], or there is no pose
            encoder.
    """

    def __init__(self,
                 *args,
                 decoder_gradient: float = 0.0,
                 frontal_identity: float = 0.5,
                 **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for name, value in dict(decoder_gradient=decoder_gradient,
                                frontal_identity=frontal_identity).items():
            if not 0 <= value <= 1:
                raise ValueError(f'`{name}` is {value}, but must be in '
                                 '[0, 1].')
        if self.pose_encoder is None:
            raise ValueError('IPDFERPlus needs a `pose_encoder`; without one '
                             'train an IPDFERModel.')
        self.decoder_gradient = decoder_gradient
        self.frontal_identity = frontal_identity

    def decode_fakes(self, f_id: Tensor, f_pose: Tensor, f_exp: Tensor,
                     targets: Targets) -> Tensor:
        """Decode features (N, D) without and with f_exp, (2N, 3, H, W).

        Some of the first are without f_pose, too.
        """
        f_exp = f_exp.detach().lerp(f_exp, self.decoder_gradient)
        f_ip = f_id + f_pose
        without_pose = (targets.pose == 0) & (
            torch.rand(len(f_id), device=f_id.device) < self.frontal_identity)
        f_neutral = torch.where(
            without_pose[:, None], f_id.to(f_ip.dtype), f_ip)
        return self.decoder(torch.cat([f_neutral, f_ip + f_exp]))
