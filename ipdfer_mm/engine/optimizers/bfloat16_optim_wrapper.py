"""Mixed precision in bfloat16, on GPUs and on CPUs."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.nn as nn
from mmengine.optim import OptimWrapper
from mmengine.runner import autocast

from ipdfer_mm.registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class Bfloat16OptimWrapper(OptimWrapper):
    """Compute losses under autocast to bfloat16.

    MMEngine's ``AmpOptimWrapper`` refuses CPUs, where this pays if they have
    instructions for bfloat16 (AMX). bfloat16 has float32's range, so that no
    gradient needs scaling; parameters, their gradients and the optimizer's
    state stay in float32.
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Autocast, around what a step computes its losses with.

        Args:
            model (nn.Module): The model.
        """
        with super().optim_context(model), autocast(dtype=torch.bfloat16):
            yield
