"""One optimizer for each step of Algorithm 1."""

import torch.nn as nn
from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapperDict

from ipdfer_mm.registry import OPTIM_WRAPPER_CONSTRUCTORS

INSTALL_MMAGIC = 'pip install --no-deps "mmagic==1.2.0"'


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class AlternatingOptimWrapperConstructor:
    """Build the optimizers of steps that alternate, with mmagic.

    The work is done by ``mmagic.MultiOptimWrapperConstructor``; this says in
    plain words what it, or Algorithm 1, does not bear.

    Args:
        optim_wrapper_cfg (dict): One optimizer wrapper config for each step,
            each with ``modules``, the names of the model's children that the
            step trains. A child may belong to several steps, and has an
            optimizer state of its own in each.
        paramwise_cfg (dict, optional): Not supported; MMEngine passes it.

    Raises:
        ImportError: If mmagic is not installed.
        ValueError: If a step names no modules, or accumulates gradients.
    """

    def __init__(self, optim_wrapper_cfg: dict, paramwise_cfg=None) -> None:
        try:
            from mmagic.engine.optimizers import MultiOptimWrapperConstructor
        except ModuleNotFoundError as error:
            # mmagic, or something that it imports
            missing = str(error.name).partition('.')[0]
            command = (
                INSTALL_MMAGIC
                if missing == 'mmagic' else f'pip install {missing}')
            raise ImportError(
                'IPD-FER is trained by three optimizers, which '
                'mmagic.MultiOptimWrapperConstructor builds, and '
                f'{missing} is missing. Install it with: {command}'
            ) from error
        for key, cfg in optim_wrapper_cfg.items():
            if not isinstance(cfg, dict) or not cfg.get('modules'):
                raise ValueError(
                    f'optim_wrapper.{key} needs `modules`, the names of the '
                    "model's children that this step trains.")
            if cfg.get('accumulative_counts', 1) != 1:
                raise ValueError(
                    f'optim_wrapper.{key}.accumulative_counts must be 1. The '
                    'steps of Algorithm 1 alternate: each one needs the '
                    'weights that the step before has just updated, and '
                    'gradients accumulated over batches would mix steps. Use '
                    'more GPUs or a smaller batch instead.')
        self.modules = {k: cfg['modules'] for k, cfg in
                        optim_wrapper_cfg.items()}
        self.constructor = MultiOptimWrapperConstructor(
            optim_wrapper_cfg, paramwise_cfg)

    def __call__(self, model: nn.Module) -> OptimWrapperDict:
        """Build the optimizers.

        Args:
            model (nn.Module): The model, or its distributed wrapper.

        Returns:
            OptimWrapperDict: A wrapper for each step.

        Raises:
            ValueError: If the model lacks a child that a step trains.
        """
        children = model.module if is_model_wrapper(model) else model
        children = dict(children.named_children())
        for key, names in self.modules.items():
            missing = [name for name in names if name not in children]
            if missing:
                raise ValueError(
                    f'optim_wrapper.{key}.modules names {missing}, which the '
                    'model does not have. Its children are '
                    f'{sorted(children)}.')
        return self.constructor(model)
