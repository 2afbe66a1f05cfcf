"""One optimizer for steps 1 and 3."""

from collections.abc import Callable, Mapping

from mmengine.optim import OptimWrapper
from torch import Tensor

from ipdfer_mm.registry import MODELS

from ..ipdfer import IPDFERModel


@MODELS.register_module()
class SharedAdamIPDFER(IPDFERModel):
    """IPD-FER with one optimizer state of the encoders for steps 1 and 3.

    :class:`IPDFERModel` has one for each step, which Algorithm 1 of the paper
    leaves open. Each step still trains only what is its own. The optimizer
    is ``optim_wrapper.encoders``; ``optim_wrapper.generator`` is not used.

    Args:
        **kwargs: Of :class:`IPDFERModel`.
    """

    STEPS = dict(
        IPDFERModel.STEPS,
        encoders=(*IPDFERModel.STEPS['encoders'], 'decoder'),
        generator=())

    def update(self, optim_wrapper: Mapping[str, OptimWrapper], step: str,
               losses: Callable, *args) -> dict[str, Tensor]:
        """Take a step, see :meth:`IPDFERModel.update`."""
        wrappers = dict(
            optim_wrapper.items(), generator=optim_wrapper['encoders'])
        return super().update(wrappers, step, losses, *args)
