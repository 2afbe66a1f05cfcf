"""Less of the decoder's gradient for the expression encoder."""

from torch import Tensor

from ipdfer_mm.registry import MODELS

from ..ipdfer import IPDFERModel


@MODELS.register_module()
class ScaledGradientIPDFER(IPDFERModel):
    """IPD-FER whose expression encoder learns less from the decoder.

    The losses of the synthesized faces (Eq. 1, 2, 9 and 10) teach E_exp
    whatever helps to rebuild the image, identity and pose included. Here
    their gradient is scaled where it enters f_exp; the decoder and E_pose
    learn as in the paper. After the gradient reversal of `Unsupervised Domain
    Adaptation by Backpropagation <https://arxiv.org/abs/1409.7495>`_, with a
    factor that is not negative.

    Args:
        decoder_gradient (float): The factor, in [0, 1]: 0 keeps the decoder
            from teaching E_exp, 1 is Algorithm 1.
        **kwargs: Of :class:`IPDFERModel`.

    Raises:
        ValueError: If the factor is not in [0, 1].
    """

    def __init__(self, *args, decoder_gradient: float, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if not 0 <= decoder_gradient <= 1:
            raise ValueError(f'`decoder_gradient` is {decoder_gradient}, but '
                             'must be in [0, 1].')
        self.decoder_gradient = decoder_gradient

    def decode(self, f_id: Tensor, f_pose: Tensor | None,
               f_exp: Tensor) -> Tensor:
        """Decode features, see :meth:`DisentangledClassifier.decode`."""
        f_exp = f_exp.detach().lerp(f_exp, self.decoder_gradient)
        return super().decode(f_id, f_pose, f_exp)
