"""Train with compiled networks."""

import importlib.util

import torch
import torch.nn as nn
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ipdfer_mm.registry import HOOKS
from ipdfer_mm.utils.modules import unwrap

# Whether torch can train compiled and evaluate uncompiled.
CAN_SWITCH = hasattr(getattr(torch, 'compiler', None), 'set_stance')
# Compiling takes a minute or two, an iteration on a GPU some 50 ms less.
MIN_ITERATIONS = 1000


def compile_networks(model: nn.Module, cuda_graphs: bool = False) -> None:
    """Compile the networks of a model in place, each by itself.

    Children without a convolution, such as linear heads, have nothing to gain
    and stay as they are. Names and values of all parameters stay, too.

    Args:
        model (nn.Module): The model, such as :class:`IPDFERModel`, without a
            wrapper around it. A child that DistributedDataParallel wraps is
            compiled inside of its wrapper.
        cuda_graphs (bool): See :class:`CompileHook`. Defaults to False.
    """
    mode = 'reduce-overhead' if cuda_graphs else 'default'
    for child in model.children():
        if any(p.ndim == 4 for p in child.parameters()):
            # A last batch of another size shall not make all sizes slower.
            unwrap(child).compile(mode=mode, dynamic=False)


def reason_not_to_compile(runner: Runner) -> str | None:
    """Why compiling with CUDA graphs would not work or not pay.

    Args:
        runner (Runner): The runner, about to train.

    Returns:
        str or None: None where it is safe and pays: on one GPU of compute
        capability 7.0 or higher, with torch 2.6 and Triton, in a training of
        a thousand iterations or more.
    """
    device = next(unwrap(runner.model).parameters()).device
    iterations = runner.max_iters - runner.iter
    if not CAN_SWITCH:
        return f'torch {torch.__version__} is older than 2.6'
    if device.type != 'cuda':
        return f'it gains little on the device "{device.type}"'
    if runner.world_size > 1:
        return f'{runner.world_size} processes train'
    if importlib.util.find_spec('triton') is None:
        return 'triton is not installed'
    if torch.cuda.get_device_capability(device) < (7, 0):
        return 'Triton does not know a GPU as old as this one'
    if iterations < MIN_ITERATIONS:
        return f'{iterations} iterations do not pay for the minutes it takes'
    return None


@HOOKS.register_module()
class CompileHook(Hook):
    """Compile the model's networks for training (``torch.compile``).

    The mathematics is the same. The first iterations take minutes. What is not
    a training iteration, such as evaluation, runs uncompiled. The ``compile``
    of MMEngine's Runner compiles a method of the model instead, which
    Algorithm 1, with its three optimizers, is not made for.

    Args:
        cuda_graphs (bool): Also launch the kernels of a network all at once
            (CUDA graphs, mode ``'reduce-overhead'``), for a GPU that would
            wait for the CPU, as with small batches. Defaults to False.
        only_if_safe (bool): Compile only where
            :func:`reason_not_to_compile` knows none, and else log the reason.
            The configs of IPD-FER have such a hook, with CUDA graphs.
            Defaults to False.

    Raises:
        RuntimeError: If torch is older than 2.6, which cannot train compiled
            and evaluate uncompiled, and ``only_if_safe`` is False.
    """

    def __init__(self,
                 cuda_graphs: bool = False,
                 only_if_safe: bool = False) -> None:
        if not (CAN_SWITCH or only_if_safe):
            raise RuntimeError('CompileHook needs torch 2.6 or later, but '
                               f'this is {torch.__version__}; leave it out '
                               'of `custom_hooks`.')
        self.cuda_graphs = cuda_graphs
        self.only_if_safe = only_if_safe
        self.active = False

    def before_train(self, runner: Runner) -> None:
        """Compile, after a checkpoint is loaded.

        Args:
            runner (Runner): The runner.
        """
        reason = reason_not_to_compile(runner) if self.only_if_safe else None
        self.active = reason is None
        if self.active:
            compile_networks(unwrap(runner.model), self.cuda_graphs)
        else:
            runner.logger.info(f'The networks are not compiled: {reason}.')

    def before_train_iter(self, *args, **kwargs) -> None:
        """Turn to the compiled networks.

        No feature of the iteration before is needed any more, so that CUDA
        graphs may overwrite it.
        """
        if self.active:
            torch.compiler.set_stance('default')
            torch.compiler.cudagraph_mark_step_begin()

    def after_train_iter(self, *args, **kwargs) -> None:
        """Leave the compiled networks aside until the next iteration.

        Evaluation and images of other batch sizes would be compiled, too.
        """
        if self.active:
            torch.compiler.set_stance('force_eager')

    def after_train(self, runner: Runner) -> None:
        """Leave torch and the model as they were.

        Args:
            runner (Runner): The runner.
        """
        if self.active:
            torch.compiler.set_stance('default')
            for child in unwrap(runner.model).children():
                unwrap(child)._compiled_call_impl = None
