"""How much memory a training step needs."""

import multiprocessing
import re
from collections.abc import Callable
from pathlib import Path

import torch

from .contenders import Workload, make_step

STEPS = 2  # from the second on the optimizers have their states


def build_step(kind: str, options: str,
               work: Workload) -> tuple[Callable[[], None], int]:
    """Build a step and see how much memory it needs.

    On a CPU it is also taken in a process of its own, since only whole
    processes can be measured.

    Args:
        kind (str): See :func:`make_step`.
        options (str): See :func:`make_step`.
        work (Workload): What a step has to do.

    Returns:
        tuple[Callable[[], None], int]: The step, and the bytes of networks,
        gradients, optimizers and activations together, at the most: on a GPU
        as torch has allocated them, on a CPU by how much the process grew.
    """
    if work.device == 'cuda':
        before = torch.cuda.memory_allocated()
        step = make_step(kind, options, work)
        _take(step)
        # cuDNN took more at first, to try its algorithms.
        torch.cuda.reset_peak_memory_stats()
        step()
        return step, torch.cuda.max_memory_allocated() - before
    context = multiprocessing.get_context('spawn')
    with context.Pool(1) as pool:
        memory = pool.apply(_growth, (kind, options, work,
                                      torch.get_num_threads()))
    return make_step(kind, options, work), memory


def _growth(kind: str, options: str, work: Workload, threads: int) -> int:
    torch.set_num_threads(threads)
    before = resident_peak()
    _take(make_step(kind, options, work))
    return resident_peak() - before


def _take(step: Callable[[], None]) -> None:
    for _ in range(STEPS):
        step()


def resident_peak() -> int:
    """Most memory that this process has had.

    ``resource.getrusage`` would count that of the process it was started by.

    Returns:
        int: Bytes.

    Raises:
        OSError: On systems without ``/proc``.
    """
    status = Path('/proc/self/status').read_text()  # Linux
    return int(re.search(r'VmHWM:\s*(\d+) kB', status)[1]) * 1024
