"""Networks on more images than fit into memory at once."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

BATCH_SIZE = 64


@torch.no_grad()
def in_batches(network: nn.Module, function: Callable[..., Tensor],
               *images: Tensor) -> Tensor:
    """Apply a function of a network to images.

    Args:
        network (nn.Module): Says on which device.
        function (Callable): From batches, one of each of ``images``, to a
            tensor whose first axis is theirs.
        *images (Tensor): (N, 3, H, W), anywhere.

    Returns:
        Tensor: What the function gives for all N, on the CPU.
    """
    device = next(network.parameters()).device
    batches = zip(*(part.split(BATCH_SIZE) for part in images))
    return torch.cat([function(*(part.to(device) for part in batch)).cpu()
                      for batch in batches])
