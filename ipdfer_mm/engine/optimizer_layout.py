"""Memory formats of parameters and of what optimizers keep of them."""

import torch
from mmengine.optim import OptimWrapper, OptimWrapperDict


def follow_parameters(optim_wrapper: OptimWrapper | OptimWrapperDict) -> None:
    """Lay what optimizers keep of parameters out as these are.

    A resumed run may have another memory format than the checkpoint. Fused
    optimizers do not look: on a CPU they would apply the moments of one
    weight to another.

    Args:
        optim_wrapper (OptimWrapper or OptimWrapperDict): Of the run.
    """
    wrappers = (optim_wrapper.values()
                if isinstance(optim_wrapper, OptimWrapperDict) else
                [optim_wrapper])
    for wrapper in wrappers:
        for parameter, state in wrapper.optimizer.state.items():
            for key, value in state.items():
                if isinstance(value, torch.Tensor) and (
                        value.shape == parameter.shape
                        and value.stride() != parameter.stride()):
                    state[key] = torch.empty_strided(
                        parameter.shape, parameter.stride(),
                        dtype=value.dtype, device=value.device).copy_(value)
