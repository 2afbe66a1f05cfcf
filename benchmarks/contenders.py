"""Training steps to compare: plain, literal and ours."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import torch
from mmengine.logging import MessageHub
from mmengine.optim import OptimWrapperDict
from mmpretrain.structures import DataSample
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from .algorithm1 import Algorithm1
from .networks import EXPRESSIONS, NUM_POSES, build_classifier, build_ipdfer
from .options import (
    SHARED_FORWARD,
    generator_interval,
    make_wrapper,
    parse_options,
    prepare_model,
    set_precision,
)

PLAIN, LITERAL, OURS = 'plain', 'literal', 'ours'
COUNTED = 4  # images of a batch


@dataclass(frozen=True)
class Workload:
    """What a step has to do.

    Attributes:
        width (int): Channels of ResNet-18's first stage.
        size (int): Side of the images in pixels.
        batch_size (int): Images of a step.
        device (str): ``'cpu'`` or ``'cuda'``.
    """

    width: int = 64
    size: int = 112
    batch_size: int = 32
    device: str = 'cpu'

    def batch(self) -> dict:
        """Make a batch as a data loader gives it, with random pixels.

        Returns:
            dict: ``inputs``, uint8 (N, 3, S, S), and ``data_samples``.
        """
        generator = torch.Generator().manual_seed(0)
        shape = (self.batch_size, 3, self.size, self.size)
        samples = []
        for index in range(self.batch_size):
            sample = DataSample().set_gt_label(index % len(EXPRESSIONS))
            sample.set_field(torch.tensor([index % NUM_POSES]), 'pose_label')
            samples.append(sample)
        return dict(
            inputs=torch.randint(
                0, 256, shape, generator=generator, dtype=torch.uint8),
            data_samples=samples)


def make_step(kind: str, options: str, work: Workload) -> Callable[[], None]:
    """Build one of the steps.

    Args:
        kind (str): ``'plain'``, ResNet-18 alone; ``'literal'``,
            :class:`Algorithm1`; or ``'ours'``,
            :meth:`IPDFERModel.train_step`.
        options (str): See :func:`parse_options`; the literal step has none.
        work (Workload): What it has to do.

    Returns:
        Callable[[], None]: Takes the step and waits for its end.
    """
    names = parse_options(options)
    torch.manual_seed(0)
    data = work.batch()
    if kind == PLAIN:
        step = _plain_step(names, data, work)
    elif kind == LITERAL:
        step = _literal_step(data, work)
    else:
        step = our_step(names, data, work)[0]

    def step_and_wait() -> None:
        set_precision(names)
        step()
        if work.device == 'cuda':
            torch.cuda.synchronize()

    return step_and_wait


def _plain_step(names: frozenset[str], data: dict,
                work: Workload) -> Callable[[], object]:
    model = build_classifier(work.width).to(work.device).train()
    prepare_model(model, names)
    wrapper = make_wrapper([model], names)

    def step() -> None:
        if 'cuda_graphs' in names:  # as CompileHook does
            torch.compiler.cudagraph_mark_step_begin()
        model.train_step(data, wrapper)

    return step


def _literal_step(data: dict, work: Workload) -> Callable[[], None]:
    model = build_ipdfer(work.width, work.size).to(work.device)
    algorithm = Algorithm1(model, model.neutral_label)
    labels, poses = _stack(data)

    def step() -> None:
        inputs = data['inputs'].to(work.device).float() / 127.5 - 1
        algorithm.iterate(0, inputs.flip(1), labels.to(work.device),
                          poses.to(work.device))  # BGR to RGB

    return step


def our_step(names: frozenset[str], data: dict, work: Workload
             ) -> tuple[Callable[[], object], OptimWrapperDict]:
    """Build :meth:`IPDFERModel.train_step` with its optimizers.

    Args:
        names (frozenset[str]): Of :func:`parse_options`.
        data (dict): The batch.
        work (Workload): What it has to do.

    Returns:
        tuple[Callable[[], object], OptimWrapperDict]: As many iterations as
        the generator is trained once in, and the optimizers.
    """
    interval = generator_interval(names)
    kind = {}
    if SHARED_FORWARD in names:
        kind = dict(kind='SharedForwardIPDFER')
    elif interval > 1:
        kind = dict(kind='LazyIPDFER', generator_interval=interval)
    model = build_ipdfer(work.width, work.size, **kind)
    model.to(work.device).train()
    prepare_model(model, names)
    optimizers = OptimWrapperDict(**{
        step: make_wrapper(map(model.get_submodule, children), names)
        for step, children in model.trained_by_step.items() if children})

    def step() -> None:
        for iteration in range(interval):
            MessageHub.get_current_instance().update_info('iter', iteration)
            if 'cuda_graphs' in names:  # as CompileHook does
                torch.compiler.cudagraph_mark_step_begin()
            model.train_step(data, optimizers)

    return step, optimizers


def _stack(data: dict) -> tuple[Tensor, Tensor]:
    samples = data['data_samples']
    return (torch.cat([sample.gt_label for sample in samples]),
            torch.cat([sample.pose_label for sample in samples]))


def count_flops(step: Callable[[], object]) -> int:
    """Count what a step computes.

    Args:
        step (Callable): Takes the step; not compiled.

    Returns:
        int: Floating-point operations of all convolutions and products of
        matrices, forward and backward, by ``torch.utils.flop_counter``.
    """
    step()  # the first one also checks the set-up
    with FlopCounterMode(display=False) as counter:
        step()
    return counter.get_total_flops()


@cache
def step_flops(kind: str, options: str, work: Workload) -> float:
    """Count what an iteration computes, on average.

    It is counted with :data:`COUNTED` images, to each of which the same is
    done.

    Args:
        kind (str): See :func:`make_step`.
        options (str): Of :func:`ipdfer_options`; others change no operation.
        work (Workload): What a step has to do.

    Returns:
        float: Floating-point operations of a whole batch.
    """
    step = make_step(kind, options, replace(work, batch_size=COUNTED))
    every = generator_interval(parse_options(options))
    return count_flops(step) / every * work.batch_size / COUNTED
