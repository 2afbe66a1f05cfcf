"""D's batch norm, when it classifies fakes, by the statistics of the fakes."""

from torch import Tensor

from ipdfer_mm.registry import MODELS

from ..ipdfer import IPDFERModel


@MODELS.register_module()
class DiscriminatorBatchNormIPDFER(IPDFERModel):
    """IPD-FER whose D normalizes fakes by their own statistics in step 3.

    :class:`IPDFERModel` fixes D in step 3 entirely: it normalizes by the
    statistics of the real images that it learned on. Here those of the batch
    of fakes count, which its running statistics then also follow, as with a
    generator that is trained against a discriminator in train mode (`DCGAN
    <https://arxiv.org/abs/1511.06434>`_). The paper does not say which.

    Args:
        **kwargs: Of :class:`IPDFERModel`.
    """

    def generator_losses(self, *args) -> dict[str, Tensor]:
        """Losses of step 3, see :meth:`IPDFERModel.generator_losses`."""
        if self.discriminator is not None:
            self.discriminator.train()  # until step 3 ends
        return super().generator_losses(*args)
