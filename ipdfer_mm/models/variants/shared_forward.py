"""One pass and one update of the encoders for steps 1 and 3."""

from mmengine.optim import OptimWrapperDict
from torch import Tensor

from ipdfer_mm.registry import MODELS

from ..training_checks import check_once
from ..utils import frozen
from .shared_adam import SharedAdamIPDFER


@MODELS.register_module()
class SharedForwardIPDFER(SharedAdamIPDFER):
    """IPD-FER that updates the encoders once, by the losses of two steps.

    Step 3 takes the features of step 1 instead of encoding the images anew,
    and the sum of both losses updates the encoders, their heads and the
    decoder: cheaper by a pass of the two encoders, and one update in place of
    two. Of this project's own, with no source.

    Args:
        **kwargs: Of :class:`IPDFERModel`.
    """

    def train_step(self, data: dict,
                   optim_wrapper: OptimWrapperDict) -> dict[str, Tensor]:
        """One iteration, see :meth:`IPDFERModel.train_step`."""
        check_once(self, optim_wrapper)
        images, targets = self.preprocess(data)
        wrapper = optim_wrapper['encoders']
        f_id = self.identify(images, wrapper)
        with wrapper.optim_context(self):
            feats = (f_id, *self.encode(
                images,
                self.has_synthesis_losses or self.loss_pose is not None))
            losses = self.classification_losses(*feats, targets)
        total, _ = self.parse_losses(losses)
        log = losses | dict(loss_encoders=total)
        if self.loss_disc is not None:
            log |= self.update(optim_wrapper, 'discriminator',
                               self.discriminator_losses, images, targets)
        with frozen(*self.frozen_in_generator_step), (
                wrapper.optim_context(self)):
            losses = self.synthesis_losses(images, *feats, targets)
        generator, _ = self.parse_losses(losses)
        # Outside of the context above: step 1 trains C_exp and C_p.
        wrapper.update_params(total + generator)
        log = losses | dict(loss_generator=generator) | log | targets.counts
        return {name: value.detach() for name, value in log.items()}
