"""Stop at the first loss that is not a number."""

import math

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ipdfer_mm.registry import HOOKS
from ipdfer_mm.utils.messages import shorten


@HOOKS.register_module()
class NonFiniteLossHook(Hook):
    """Stop training when a loss is NaN or infinite.

    It looks at every loss of every iteration before anything else does, and
    at the weights before they are saved (the last update of an epoch may
    break them, and no loss shows it yet): no checkpoint of a broken model is
    written, the last good one stays.
    """

    priority = 'VERY_HIGH'

    def after_train_iter(self,
                         runner: Runner,
                         batch_idx: int,
                         data_batch: dict | None = None,
                         outputs: dict | None = None) -> None:
        """Check the losses that ``train_step`` returned.

        Args:
            runner (Runner): The runner.
            batch_idx (int): Index of the batch in its epoch.
            data_batch (dict, optional): The batch.
            outputs (dict, optional): Losses by name.

        Raises:
            FloatingPointError: If one is not finite; the message holds the
                iteration and all losses.
        """
        losses = {name: float(torch.as_tensor(value).detach())
                  for name, value in (outputs or {}).items()
                  if 'loss' in name}
        if all(math.isfinite(value) for value in losses.values()):
            return
        values = ', '.join(f'{name}={value:g}' for name, value in
                           losses.items())
        raise FloatingPointError(
            f'A loss is not finite at iteration {runner.iter + 1} (epoch '
            f'{runner.epoch + 1}, batch {batch_idx + 1}): {values}. Training '
            'stopped and the last checkpoint was kept. Resume from it with a '
            'lower learning rate, look for broken images in the batch, or '
            'train without --amp.')

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Check the weights.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): What is about to be saved.

        Raises:
            FloatingPointError: If a weight is not finite; names parameters.
        """
        broken = [name for name, weight in runner.model.named_parameters()
                  if not weight.isfinite().all()]
        if broken:
            raise FloatingPointError(
                f'{len(broken)} parameters are not finite after iteration '
                f'{runner.iter}: {shorten(broken)}. Training stopped and no '
                'checkpoint was written; the last one was kept. Resume from '
                'it with a lower learning rate, or train without --amp.')
