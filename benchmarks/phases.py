"""What a training step spends its time on."""

import time
from collections import defaultdict
from collections.abc import Callable

import numpy as np
import torch

from .contenders import Workload, our_step
from .options import parse_options, set_precision

STEPS = dict(encoders='step 1', discriminator='step 2', generator='step 3')


def time_phases(options: str, work: Workload,
                rounds: int) -> dict[str, float]:
    """Time the steps of Algorithm 1 and its optimizers.

    Args:
        options (str): See :func:`parse_options`.
        work (Workload): What a step has to do.
        rounds (int): How many iterations, after two unmeasured ones.

    Returns:
        dict[str, float]: Median seconds of ``step 1``, ``step 2``,
        ``step 3``, each with its forward and backward passes (step 1 also
        with the batch's way to the device), and of ``optimizer``, the updates
        of all three.
    """
    torch.manual_seed(0)
    names = parse_options(options)
    set_precision(names)
    step, optimizers = our_step(names, work.batch(), work)
    spent: dict[str, float] = defaultdict(float)
    last = [0.0]

    def now() -> float:
        if work.device == 'cuda':
            torch.cuda.synchronize()
        return time.perf_counter()

    def timed(name: str, function: Callable) -> Callable:
        """Count what came before to the step, and the call to Adam."""

        def call(*args, **kwargs):
            start = now()
            spent[name] += start - last[0]
            result = function(*args, **kwargs)
            last[0] = now()
            spent['optimizer'] += last[0] - start
            return result

        return call

    for key, wrapper in optimizers.items():
        for method in ('step', 'zero_grad'):
            setattr(wrapper, method,
                    timed(STEPS[key], getattr(wrapper, method)))
    rows = []
    for _ in range(rounds + 2):
        spent.clear()
        last[0] = now()
        step()
        rows.append(dict(spent))
    return {name: float(np.median([row[name] for row in rows[2:]]))
            for name in [*STEPS.values(), 'optimizer']}
