"""One optimizer for each step of Algorithm 1."""

import torch.nn as nn
from mmengine.logging import print_log
from mmengine.optim import OptimWrapperDict

from ipdfer_mm.registry import (
    OPTIM_WRAPPER_CONSTRUCTORS,
    OPTIM_WRAPPERS,
    OPTIMIZERS,
)
from ipdfer_mm.utils.modules import unwrap


def build_wrappers(cfgs: dict, model: nn.Module) -> OptimWrapperDict:
    """Build what ``mmagic.MultiOptimWrapperConstructor`` builds, without it.

    Args:
        cfgs (dict): One optimizer wrapper config for each key, with
            ``optimizer`` and ``modules``, names of children of the model.
        model (nn.Module): The model.

    Returns:
        OptimWrapperDict: A wrapper for each key.
    """
    wrappers = {}
    for key, cfg in cfgs.items():
        cfg = dict(cfg)
        parameters = [parameter for name in cfg.pop('modules')
                      for parameter in getattr(model, name).parameters()]
        optimizer = OPTIMIZERS.build(
            dict(cfg.pop('optimizer'), params=parameters))
        cfg.setdefault('type', 'OptimWrapper')
        wrappers[key] = OPTIM_WRAPPERS.build(
            cfg, default_args=dict(optimizer=optimizer))
    return OptimWrapperDict(**wrappers)


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class AlternatingOptimWrapperConstructor:
    """Build the optimizers of steps that alternate.

    The model says in ``trained_by_step``, as
    :attr:`IPDFERModel.trained_by_step`, which of its children each step
    trains. A child may belong to several steps, and has an optimizer state
    of its own in each. A config of a step that trains nothing, such as the
    discriminator's in a model without one, is not used.

    The work is done by ``mmagic.MultiOptimWrapperConstructor`` where mmagic
    can be imported, and by :func:`build_wrappers`, which builds the same,
    where it cannot.

    Args:
        optim_wrapper_cfg (dict): One optimizer wrapper config for each step.
        paramwise_cfg (dict, optional): Not supported; MMEngine passes it.

    Raises:
        ValueError: If a config is none, names ``modules``, has settings for
            single parameters, or accumulates gradients.

    Examples:
        >>> optim_wrapper = dict(
        ...     constructor='ipdfer_mm.AlternatingOptimWrapperConstructor',
        ...     encoders=dict(optimizer=dict(type='Adam', lr=1e-4)),
        ...     discriminator=dict(optimizer=dict(type='Adam', lr=1e-4)),
        ...     generator=dict(optimizer=dict(type='Adam', lr=1e-4)))
    """

    def __init__(self, optim_wrapper_cfg: dict,
                 paramwise_cfg: dict | None = None) -> None:
        if paramwise_cfg is not None:
            raise ValueError('optim_wrapper.paramwise_cfg is not supported '
                             'by AlternatingOptimWrapperConstructor.')
        for key, cfg in optim_wrapper_cfg.items():
            if not isinstance(cfg, dict) or 'optimizer' not in cfg:
                raise ValueError(
                    f'optim_wrapper.{key} needs `optimizer`: each step of '
                    'the model has a config of its own, such as '
                    'optim_wrapper.encoders=dict(optimizer=...).')
            if 'modules' in cfg:
                raise ValueError(
                    f'Remove optim_wrapper.{key}.modules: the model says in '
                    '`trained_by_step` which of its children a step trains.')
            if cfg.get('paramwise_cfg'):
                raise ValueError(
                    f'optim_wrapper.{key}.paramwise_cfg is not supported by '
                    'AlternatingOptimWrapperConstructor.')
            if cfg.get('accumulative_counts', 1) != 1:
                raise ValueError(
                    f'optim_wrapper.{key}.accumulative_counts must be 1. The '
                    'steps of Algorithm 1 alternate: each one needs the '
                    'weights that the step before has just updated, and '
                    'gradients accumulated over batches would mix steps. Use '
                    'more GPUs or a smaller batch instead.')
        self.cfgs = optim_wrapper_cfg

    def __call__(self, model: nn.Module) -> OptimWrapperDict:
        """Build the optimizers.

        Args:
            model (nn.Module): The model, or its distributed wrapper.

        Returns:
            OptimWrapperDict: A wrapper for each step that trains something.

        Raises:
            ValueError: If the model does not say what its steps train, or a
                step has no config, or a config no step.
        """
        model = unwrap(model)
        kind = type(model).__name__
        if not hasattr(model, 'trained_by_step'):
            raise ValueError(
                f'{kind} does not say in `trained_by_step` which of its '
                'children the optimizers train, as IPDFERModel does.')
        steps = model.trained_by_step
        missing = [key for key, names in steps.items()
                   if names and key not in self.cfgs]
        unknown = [key for key in self.cfgs if key not in steps]
        if missing or unknown:
            raise ValueError(
                f'The steps of {kind} are {list(steps)}, but optim_wrapper '
                f'has {list(self.cfgs)}.')
        cfgs = {}
        for key, cfg in self.cfgs.items():
            if steps[key]:
                cfgs[key] = dict(cfg, modules=list(steps[key]))
            else:
                print_log(f'optim_wrapper.{key} is not used: this {kind} '
                          'trains nothing by it.', 'current')
        try:
            from mmagic.engine.optimizers import MultiOptimWrapperConstructor
        # Of something that it imports; and it asserts mmcv < 2.2.
        except (ImportError, AssertionError):
            return build_wrappers(cfgs, model)
        return MultiOptimWrapperConstructor(cfgs)(model)
