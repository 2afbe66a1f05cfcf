"""Train in the channels-last memory format."""

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ipdfer_mm.registry import HOOKS

from ..optimizer_layout import follow_parameters


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Lay the model's parameters out with the channels last.

    Convolutions then give activations in that format, too, which CPUs and
    tensor cores compute faster with; the mathematics is the same. See
    https://docs.pytorch.org/tutorials/intermediate/memory_format_tutorial.html.
    """

    def before_train(self, runner: Runner) -> None:
        """Convert the model, after a checkpoint is loaded.

        Args:
            runner (Runner): The runner.
        """
        runner.model.to(memory_format=torch.channels_last)
        follow_parameters(runner.optim_wrapper)
