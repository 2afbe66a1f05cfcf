"""What is refused before the first step of IPD-FER's training."""

from contextlib import nullcontext
from typing import TYPE_CHECKING

import torch
from mmengine.optim import OptimWrapperDict

from ipdfer_mm.utils.modules import unwrap

from .utils import frozen

if TYPE_CHECKING:
    from .ipdfer import IPDFERModel


def check_once(model: 'IPDFERModel', optim_wrapper: OptimWrapperDict) -> None:
    """Check a training set-up unless these optimizers have been checked.

    :class:`DatasetMetaHook` does so before training; without it the first
    training step does.

    Args:
        model (IPDFERModel): The model.
        optim_wrapper (OptimWrapperDict): Its optimizers.
    """
    if getattr(model, '_checked_optimizers', None) != id(optim_wrapper):
        check_trainable(model, optim_wrapper)
        model._checked_optimizers = id(optim_wrapper)


def check_trainable(model: 'IPDFERModel',
                    optim_wrapper: OptimWrapperDict) -> None:
    """Refuse what would train, but not by Algorithm 1.

    Args:
        model (IPDFERModel): The model.
        optim_wrapper (OptimWrapperDict): Its optimizers.

    Raises:
        RuntimeError: If the identity encoder has no weights, or the neutral
            class is unknown.
        ValueError: If the optimizers are not those of its steps, or an
            encoder gives features of another width than the decoder takes.
    """
    _check_optimizers(model, optim_wrapper)
    if not model.identity_encoder.has_weights:
        raise RuntimeError(
            'The identity encoder has random weights, and it is never '
            'trained. Give it those of a face-recognition network: '
            "identity_encoder.init_cfg=dict(type='Pretrained', "
            "checkpoint='...').")
    if model.neutral_label is None:
        raise RuntimeError(
            'The model does not know which class is neutral. Add '
            "dict(type='ipdfer_mm.DatasetMetaHook') to custom_hooks, or "
            'give `classes` in the model config.')
    _check_widths(model)


def _check_optimizers(model: 'IPDFERModel',
                      optim_wrapper: OptimWrapperDict) -> None:
    """Refuse a network that gets gradients, but no update, from its step."""
    steps = {key: names for key, names in model.trained_by_step.items()
             if names}
    kind = type(model).__name__
    if not isinstance(optim_wrapper, OptimWrapperDict) or (
            set(optim_wrapper.keys()) != set(steps)):
        raise ValueError(
            f'{kind} is trained with an OptimWrapperDict of {list(steps)}, '
            'one wrapper for each step; see optim_wrapper in '
            'configs/_base_/schedules/ipdfer.py.')
    for key, names in steps.items():
        updated = {id(parameter)
                   for group in optim_wrapper[key].param_groups
                   for parameter in group['params']}
        for name in names:
            # What is frozen on purpose needs no optimizer.
            if any(parameter.requires_grad and id(parameter) not in updated
                   for parameter in getattr(model, name).parameters()):
                raise ValueError(
                    f'optim_wrapper.{key} does not train the {name}. Build '
                    'the optimizers with AlternatingOptimWrapperConstructor, '
                    f'which asks {kind}.trained_by_step, or freeze the '
                    f'{name}.')


@torch.no_grad()
def _check_widths(model: 'IPDFERModel') -> None:
    """Refuse components that cannot be added up and decoded.

    Networks do not tell the width of their feature; that of an image does.
    """
    decoder = unwrap(model.decoder)
    size = decoder.img_size
    image = next(decoder.parameters()).new_zeros(1, 3, size, size)
    # Compiled networks would be compiled for this one image, too.
    set_stance = getattr(
        getattr(torch, 'compiler', None), 'set_stance', nullcontext)
    with frozen(*model.children()), set_stance('force_eager'):
        feats = model.extract_feats(image)
    for name, feat in feats.items():
        if feat.shape[1] != decoder.in_channels:
            raise ValueError(
                f'model.{name}_encoder gives features of width '
                f'{feat.shape[1]}, but model.decoder.in_channels is '
                f'{decoder.in_channels}. The identity encoder sets the '
                'width: give the decoder and the heads its width as '
                'in_channels, and the other encoders the neck dict('
                "type='mmpretrain.LinearNeck', in_channels=..., "
                'out_channels=..., gap_dim=2, norm_cfg=None).')
