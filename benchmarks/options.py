"""What can make a training step faster."""

import re
from collections.abc import Iterable

import torch
import torch.nn as nn
from mmengine.optim import AmpOptimWrapper, OptimWrapper

from ipdfer_mm.engine import Bfloat16OptimWrapper, compile_networks

DEFAULT = 'default'
# What each does, and the lines of a config that do the same.
OPTIONS = {
    'channels_last': "custom_hooks = [dict(type='ChannelsLastHook')]",
    'fused': 'optim_wrapper.KEY.optimizer.fused = True',
    'bf16': "optim_wrapper.KEY.type = 'Bfloat16OptimWrapper'",
    'fp16': "optim_wrapper.KEY.type = 'AmpOptimWrapper'",
    'tf32': 'nothing: torch.backends.cudnn.allow_tf32 is True by default',
    'compile': "custom_hooks = [dict(type='CompileHook')]",
    'cuda_graphs':
    "custom_hooks = [dict(type='CompileHook', cuda_graphs=True)]",
}
# Of IPD-FER, beyond the paper: LazyIPDFER, SharedForwardIPDFER.
LAZY = re.compile('lazy([1-9][0-9]*)')
SHARED_FORWARD = 'shared_forward'


def parse_options(text: str) -> frozenset[str]:
    """Parse the names of options that are used together.

    Args:
        text (str): Such as ``'channels_last+bf16'``, or ``'default'``.

    Returns:
        frozenset[str]: Their names.

    Raises:
        ValueError: If a name is not one of :data:`OPTIONS`,
            :data:`SHARED_FORWARD`, or ``lazy`` and a number
            (``generator_interval``), or two of bf16, fp16 and tf32, or of the
            options of IPD-FER, are asked for together.
    """
    names = frozenset(text.split('+')) - {DEFAULT}
    unknown = sorted(name for name in names - set(OPTIONS)
                     if not is_of_ipdfer(name))
    if unknown:
        raise ValueError(f'{text!r} has unknown options {unknown}; known are '
                         f'{sorted(OPTIONS)} and, of IPD-FER, '
                         f'{SHARED_FORWARD} and lazy2, lazy3, ..., joined '
                         'by +.')
    if len(names & {'bf16', 'fp16', 'tf32'}) > 1:
        raise ValueError(f'{text!r} has two precisions.')
    if sum(map(is_of_ipdfer, names)) > 1:
        raise ValueError(f'{text!r} has two variants of IPD-FER.')
    return names


def is_of_ipdfer(name: str) -> bool:
    """Tell the options that a plain step does not have.

    Args:
        name (str): Of one option.

    Returns:
        bool: Whether only the step of IPD-FER has it.
    """
    return name == SHARED_FORWARD or LAZY.fullmatch(name) is not None


def ipdfer_options(text: str) -> str:
    """Options that only IPD-FER has: those that change what is computed.

    Args:
        text (str): Of a step.

    Returns:
        str: Without the options that a plain step has, too.
    """
    return '+'.join(filter(is_of_ipdfer, text.split('+'))) or DEFAULT


def set_precision(names: frozenset[str]) -> None:
    """Let convolutions in float32 multiply with TensorFloat-32, or not.

    A setting of the process, not of a model, so that each step of several
    sets it again. Products of matrices stay in float32, as torch has it.

    Args:
        names (frozenset[str]): Of :func:`parse_options`.
    """
    torch.backends.cudnn.allow_tf32 = 'tf32' in names


def generator_interval(names: frozenset[str]) -> int:
    """The generator is trained in every so many iterations.

    Args:
        names (frozenset[str]): Of :func:`parse_options`.

    Returns:
        int: 1 without the option ``lazy``.
    """
    found = [LAZY.fullmatch(name) for name in names]
    return max((int(match[1]) for match in found if match), default=1)


def prepare_model(model: nn.Module, names: frozenset[str]) -> nn.Module:
    """Apply the options that concern a model.

    Args:
        model (nn.Module): The model; changed in place.
        names (frozenset[str]): Of :func:`parse_options`.

    Returns:
        nn.Module: The model.
    """
    if 'channels_last' in names:
        model.to(memory_format=torch.channels_last)
    if names & {'compile', 'cuda_graphs'}:
        compile_networks(model, 'cuda_graphs' in names)
    return model


def make_wrapper(modules: Iterable[nn.Module],
                 names: frozenset[str]) -> OptimWrapper:
    """Make Adam for modules, with the options that concern optimizers.

    Args:
        modules (Iterable[nn.Module]): What it trains.
        names (frozenset[str]): Of :func:`parse_options`.

    Returns:
        OptimWrapper: The optimizer in its wrapper.
    """
    kind = OptimWrapper
    if 'bf16' in names:
        kind = Bfloat16OptimWrapper
    elif 'fp16' in names:
        kind = AmpOptimWrapper
    parameters = [p for module in modules for p in module.parameters()]
    fused = True if 'fused' in names else None
    return kind(
        optimizer=torch.optim.Adam(parameters, lr=1e-4, fused=fused))
