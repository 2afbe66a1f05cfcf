"""Batch-norm statistics of several processes, averaged."""

from collections.abc import Iterator

import torch.nn as nn
from mmengine.dist import all_reduce_params
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor

from ipdfer_mm.registry import HOOKS
from ipdfer_mm.utils.modules import unwrap


def trained_buffers(model: nn.Module) -> Iterator[Tensor]:
    """Buffers that training moves, and each process moves elsewhere.

    Args:
        model (nn.Module): A model, or its distributed wrapper.

    Yields:
        Tensor: The buffers of all modules in training mode below those
        children of the model that have a trainable parameter.
    """
    for child in unwrap(model).children():
        if any(p.requires_grad for p in child.parameters()):
            for module in child.modules():
                if module.training:
                    yield from module.buffers(recurse=False)


@HOOKS.register_module()
class SyncTrainedBuffersHook(Hook):
    """Average batch-norm statistics over all processes after each epoch.

    Unlike MMEngine's ``SyncBuffersHook`` it leaves alone what does not move:
    the frozen identity encoder, and the mean and standard deviation of the
    data preprocessor. The mean of equal numbers is not always the same
    number: that of three processes rounds.
    """

    def after_train_epoch(self, runner: Runner) -> None:
        """Average the buffers.

        Args:
            runner (Runner): The runner.
        """
        all_reduce_params(trained_buffers(runner.model), op='mean')
