"""Timing several runtimes side by side."""

import time
from collections.abc import Callable, Sequence

import numpy as np

from ipdfer_mm.experiments.text_table import TextTable

from .accuracy import Classifier

# Seconds that a runtime works in each round: many calls of a small batch, few
# of a large one.
TURN = 0.1


def interleave(runtimes: dict[str, Classifier],
               pictures: np.ndarray,
               rounds: int,
               clock: Callable[[], float] = time.perf_counter
               ) -> dict[str, list[float]]:
    """Time runtimes in turns, so that other load on the machine hits all.

    In each round each runtime is called once unmeasured, to warm the caches,
    and then for :data:`TURN` seconds, at least once.

    Args:
        runtimes (dict[str, Callable]): What to time, by name.
        pictures (np.ndarray): One batch, RGB, uint8 (N, S, S, 3).
        rounds (int): How many rounds.
        clock (Callable): Gives seconds. Defaults to ``time.perf_counter``.

    Returns:
        dict[str, list[float]]: Median seconds of a call, for each round.
    """
    for runtime in runtimes.values():  # may compile
        runtime(pictures)
    medians: dict[str, list[float]] = {name: [] for name in runtimes}
    for _ in range(rounds):
        for name, runtime in runtimes.items():
            runtime(pictures)
            seconds: list[float] = []
            while not seconds or sum(seconds) < TURN:
                start = clock()
                runtime(pictures)
                seconds.append(clock() - start)
            medians[name].append(float(np.median(seconds)))
    return medians


def summarize(medians: dict[str, Sequence[float]], batch_size: int,
              reference: str) -> dict[str, dict[str, float]]:
    """Sum up the rounds of :func:`interleave`.

    Args:
        medians (dict[str, Sequence[float]]): Seconds of a call by round.
        batch_size (int): Pictures of a call.
        reference (str): Name of the runtime to compare with.

    Returns:
        dict[str, dict[str, float]]: For each runtime ``ms``, ``ms_low`` and
        ``ms_high``, median and quartiles of the milliseconds of a picture,
        ``ms_best``, those of the fastest round, ``pictures_per_second``, and
        ``speedup``, ``speedup_low`` and ``speedup_high`` of the quotients of
        the reference's time and its own in the same round.
    """
    base = np.array(medians[reference])
    summary = {}
    for name, seconds in medians.items():
        milliseconds = 1000 * np.array(seconds) / batch_size
        low, middle, high = np.percentile(milliseconds, (25, 50, 75))
        ratios = np.percentile(base / np.array(seconds), (25, 50, 75))
        summary[name] = dict(
            ms=float(middle), ms_low=float(low), ms_high=float(high),
            ms_best=float(milliseconds.min()),
            pictures_per_second=float(1000 / middle),
            speedup_low=float(ratios[0]), speedup=float(ratios[1]),
            speedup_high=float(ratios[2]))
    return summary


def benchmark_table(summaries: dict[int, dict], title: str,
                    notes: Sequence[str]) -> TextTable:
    """Make a table of the summaries of several sizes of batches.

    Args:
        summaries (dict[int, dict]): Of :func:`summarize`, by batch size.
        title (str): Title of the table.
        notes (Sequence[str]): Sentences below it.

    Returns:
        TextTable: A row for each runtime and size.
    """
    rows = []
    for size, summary in summaries.items():
        for name, row in summary.items():
            rows.append([
                name, size,
                f'{row["ms"]:.2f} ({row["ms_low"]:.2f}-{row["ms_high"]:.2f})',
                f'{row["ms_best"]:.2f}', f'{row["pictures_per_second"]:.0f}',
                f'{row["speedup"]:.2f} ({row["speedup_low"]:.2f}-'
                f'{row["speedup_high"]:.2f})'
            ])
    header = ['runtime', 'batch', 'ms a picture', 'fastest round',
              'pictures/s', 'times as fast']
    return TextTable('benchmark_inference', title, header, rows, list(notes))
