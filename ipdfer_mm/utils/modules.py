"""Modules of torch."""

import torch.nn as nn
from mmengine.model import BaseTTAModel, is_model_wrapper


def unwrap(module: nn.Module) -> nn.Module:
    """Return a module without wrappers, distributed or for augmentation."""
    while is_model_wrapper(module) or isinstance(module, BaseTTAModel):
        module = module.module
    return module
