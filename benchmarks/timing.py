"""Timing several things side by side."""

import time
from collections.abc import Callable, Sequence

import numpy as np
from tqdm import tqdm

# Seconds that each works in each round: many short calls, few long ones.
TURN = 0.1


def interleave(calls: dict[str, Callable[[], object]],
               rounds: int,
               clock: Callable[[], float] = time.perf_counter
               ) -> dict[str, list[float]]:
    """Time calls in turns, so that other load on the machine hits all.

    Each is called once before all rounds, since it may compile. In each
    round each is called for :data:`TURN` seconds, at least once; a call that
    takes less is called once unmeasured before, to warm the caches.

    Args:
        calls (dict[str, Callable]): What to time, by name.
        rounds (int): How many rounds.
        clock (Callable): Gives seconds. Defaults to ``time.perf_counter``.

    Returns:
        dict[str, list[float]]: Median seconds of a call, for each round.
    """
    warm = {}
    for name, call in calls.items():
        call()
        start = clock()
        call()
        warm[name] = clock() - start < TURN
    medians: dict[str, list[float]] = {name: [] for name in calls}
    for _ in tqdm(range(rounds), desc='Rounds', disable=None):
        for name, call in calls.items():
            if warm[name]:
                call()
            seconds: list[float] = []
            while not seconds or sum(seconds) < TURN:
                start = clock()
                call()
                seconds.append(clock() - start)
            medians[name].append(float(np.median(seconds)))
    return medians


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Lower quartile, median and upper quartile.

    Args:
        values (Sequence[float]): Numbers.

    Returns:
        tuple[float, float, float]: The three.
    """
    low, middle, high = np.percentile(values, (25, 50, 75))
    return float(low), float(middle), float(high)


def summarize(medians: dict[str, Sequence[float]], batch_size: int,
              reference: str) -> dict[str, dict[str, float]]:
    """Sum up the rounds of :func:`interleave`.

    Args:
        medians (dict[str, Sequence[float]]): Seconds of a call by round.
        batch_size (int): Images of a call.
        reference (str): Name of what to compare with.

    Returns:
        dict[str, dict[str, float]]: For each call ``ms``, ``ms_low`` and
        ``ms_high``, median and quartiles of the milliseconds of an image,
        ``ms_best``, those of the fastest round, ``images_per_second``, and
        ``speedup``, ``speedup_low`` and ``speedup_high`` of the quotients of
        the reference's time and its own in the same round.
    """
    base = np.array(medians[reference])
    summary = {}
    for name, seconds in medians.items():
        milliseconds = 1000 * np.array(seconds) / batch_size
        low, middle, high = quartiles(milliseconds)
        ratios = quartiles(base / np.array(seconds))
        summary[name] = dict(
            ms=middle, ms_low=low, ms_high=high,
            ms_best=float(milliseconds.min()),
            images_per_second=1000 / middle, speedup_low=ratios[0],
            speedup=ratios[1], speedup_high=ratios[2])
    return summary
