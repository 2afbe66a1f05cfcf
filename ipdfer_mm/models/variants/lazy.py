"""Discriminator and generator trained in every k-th iteration."""

from collections.abc import Callable, Mapping

from mmengine.logging import MessageHub
from mmengine.optim import OptimWrapper
from torch import Tensor

from ipdfer_mm.registry import MODELS

from ..ipdfer import IPDFERModel


@MODELS.register_module()
class LazyIPDFER(IPDFERModel):
    """IPD-FER that takes steps 2 and 3 in every k-th iteration only.

    After the lazy regularization of `StyleGAN2
    <https://arxiv.org/abs/1912.04958>`_, Section 3.1: the losses of step 3
    count k times in its update, which an Adam of its own does not see; the
    log has them as they are, and lacks them in other iterations. Needs
    MMEngine's Runner, which counts iterations.

    Args:
        generator_interval (int): k; 1 is Algorithm 1. Defaults to 1.
        **kwargs: Of :class:`IPDFERModel`.

    Raises:
        ValueError: If the interval is below 1.
    """

    def __init__(self, *args, generator_interval: int = 1, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if generator_interval < 1:
            raise ValueError('`generator_interval` is '
                             f'{generator_interval}, but must be 1 or more.')
        self.generator_interval = generator_interval

    def update(self, optim_wrapper: Mapping[str, OptimWrapper], step: str,
               losses: Callable, *args) -> dict[str, Tensor]:
        """Take a step if it is its turn, see :meth:`IPDFERModel.update`."""
        if step == 'encoders':
            return super().update(optim_wrapper, step, losses, *args)
        if self._iteration() % self.generator_interval:
            return {}
        if step == 'generator':
            wrapper = _ManyTimes(optim_wrapper[step], self.generator_interval)
            optim_wrapper = dict(generator=wrapper)
        return super().update(optim_wrapper, step, losses, *args)

    @staticmethod
    def _iteration() -> int:
        iteration = MessageHub.get_current_instance().get_info('iter')
        if iteration is None:
            raise RuntimeError(
                '`generator_interval` counts the iterations of an MMEngine '
                'Runner, and there is none. In a loop of your own set '
                "MessageHub.get_current_instance().update_info('iter', i).")
        return iteration


class _ManyTimes:
    """An optimizer wrapper for which a loss counts k times."""

    def __init__(self, wrapper: OptimWrapper, k: int) -> None:
        self.optim_context = wrapper.optim_context
        self.update_params = lambda loss: wrapper.update_params(k * loss)
