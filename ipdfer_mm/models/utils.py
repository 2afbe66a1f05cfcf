"""Helpers of the models."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from ipdfer_mm.registry import MODELS

CROSS_ENTROPY = 'mmpretrain.CrossEntropyLoss'


@contextmanager
def frozen(*modules: nn.Module | None) -> Iterator[None]:
    """Freeze modules as Algorithm 1 of the IPD-FER paper fixes them.

    Inside the context no gradient reaches the parameters, and batch-norm
    statistics and dropout rest (eval mode); gradients still flow through the
    modules to their inputs. ``requires_grad`` of every parameter and the mode
    of every sub-module are as before afterwards, also when the body raises.

    Args:
        *modules (nn.Module, optional): The modules to freeze; None is passed
            over, so that absent parts of a model need no special case.
    """
    present = [module for module in modules if module is not None]
    requires_grad = [(parameter, parameter.requires_grad)
                     for module in present
                     for parameter in module.parameters()]
    modes = [(child, child.training) for module in present
             for child in module.modules()]
    try:
        for module in present:
            module.eval()
        for parameter, _ in requires_grad:
            parameter.requires_grad_(False)
        yield
    finally:
        for parameter, before in requires_grad:
            parameter.requires_grad_(before)
        for child, training in modes:
            child.training = training


def build_optional(cfg: dict | None) -> nn.Module | None:
    """Build a module, or None from None."""
    return None if cfg is None else MODELS.build(cfg)


def build_loss(cfg: dict | None,
               *needs: nn.Module | None) -> nn.Module | None:
    """Build a loss that is to be computed.

    Args:
        cfg (dict, optional): Config of the loss.
        *needs (nn.Module, optional): Parts of the model that it needs.

    Returns:
        nn.Module or None: None without a config, without one of the parts, or
        with a weight of 0.
    """
    if cfg is None or any(module is None for module in needs):
        return None
    loss = MODELS.build(cfg)
    return None if loss.loss_weight == 0 else loss


def resize_square(x: Tensor, size: int) -> Tensor:
    """Resize images as face networks need them, differentiably.

    Bilinear, and with a low-pass filter (antialias) where that makes them
    smaller.

    Args:
        x (Tensor): Images, (N, C, H, W).
        size (int): Side of the results in pixels.

    Returns:
        Tensor: (N, C, size, size); ``x`` itself if it has this size.
    """
    if x.shape[-2:] == (size, size):
        return x
    # The filter takes no half precision on CPUs.
    precise = x.float() if x.element_size() < 4 else x
    return F.interpolate(
        precise, (size, size), mode='bilinear', align_corners=False,
        antialias=size < max(x.shape[-2:])).to(x.dtype)
