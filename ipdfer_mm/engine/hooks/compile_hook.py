"""Train with compiled networks."""

import torch
import torch.nn as nn
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ipdfer_mm.registry import HOOKS
from ipdfer_mm.utils.modules import unwrap


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

    Raises:
        RuntimeError: If torch is older than 2.6, which cannot train compiled
            and evaluate uncompiled.
    """

    def __init__(self, cuda_graphs: bool = False) -> None:
        if not hasattr(getattr(torch, 'compiler', None), 'set_stance'):
            raise RuntimeError('CompileHook needs torch 2.6 or later, but '
                               f'this is {torch.__version__}; leave it out '
                               'of `custom_hooks`.')
        self.cuda_graphs = cuda_graphs

    def before_train(self, runner: Runner) -> None:
        """Compile, after a checkpoint is loaded.

        Args:
            runner (Runner): The runner.
        """
        compile_networks(unwrap(runner.model), self.cuda_graphs)

    def before_train_iter(self, *args, **kwargs) -> None:
        """Turn to the compiled networks.

        No feature of the iteration before is needed any more, so that CUDA
        graphs may overwrite it.
        """
        torch.compiler.set_stance('default')
        torch.compiler.cudagraph_mark_step_begin()

    def after_train_iter(self, *args, **kwargs) -> None:
        """Leave the compiled networks aside until the next iteration.

        Evaluation and images of other batch sizes would be compiled, too.
        """
        torch.compiler.set_stance('force_eager')

    def after_train(self, runner: Runner) -> None:
        """Leave torch as it was.

        Args:
            runner (Runner): The runner.
        """
        torch.compiler.set_stance('default')
