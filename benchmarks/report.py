"""The numbers of benchmarks/training.py as tables."""

from collections.abc import Sequence

import numpy as np

from ipdfer_mm.utils.text_table import TextTable

from .contenders import LITERAL, PLAIN
from .options import is_of_ipdfer
from .timing import quartiles

# Table 7 of the paper is about 30 epochs of RAF-DB's 12,271 images.
TABLE_7_IMAGES = 30 * 12271
MEBI = 2**20


def step_row(name: tuple[str, str], medians: dict[tuple[str, str], list],
             flops: dict[tuple[str, str], float], memory: int,
             batch_size: int) -> dict:
    """Sum up what was measured of a training step.

    Args:
        name (tuple[str, str]): Kind and options of the step.
        medians (dict): Seconds of an iteration, one for each round, by name.
        flops (dict): Floating-point operations of an iteration, by name.
        memory (int): Bytes.
        batch_size (int): Images of an iteration.

    Returns:
        dict: ``kind``, ``options``, ``images_per_second`` with quartiles
        ``_low`` and ``_high``, ``gflops`` of an image, ``memory_mib``,
        ``table_7_hours``, and, each the median over the rounds:
        ``cost``, the time in plain steps with the same options (quartiles
        ``cost_low`` and ``cost_high``), ``flops_ratio``, the operations in
        plain steps, ``efficiency``, the one by the other, and
        ``times_literal``, how many times as fast as the literal step, with
        quartiles likewise.
    """
    kind, options = name
    seconds = np.array(medians[name])
    plain = (PLAIN, plain_options(options))
    low, middle, high = quartiles(batch_size / seconds)
    cost = quartiles(seconds / np.array(medians[plain]))
    row = dict(
        kind=kind, options=options, images_per_second=middle,
        images_per_second_low=low, images_per_second_high=high,
        gflops=flops[name] / batch_size / 1e9, memory_mib=memory / MEBI,
        table_7_hours=TABLE_7_IMAGES / middle / 3600, cost=cost[1],
        cost_low=cost[0], cost_high=cost[2],
        flops_ratio=flops[name] / flops[plain])
    row['efficiency'] = row['cost'] / row['flops_ratio']
    literal = [medians[key] for key in medians if key[0] == LITERAL]
    times = quartiles(np.array(literal[0]) / seconds) if literal else (
        [float('nan')] * 3)
    return row | dict(zip(
        ('times_literal_low', 'times_literal', 'times_literal_high'), times))


def plain_options(options: str) -> str:
    """Options that a plain step has, too.

    Args:
        options (str): Of a step of IPD-FER.

    Returns:
        str: Without those that only IPD-FER has.
    """
    kept = [name for name in options.split('+')
            if not is_of_ipdfer(name)]
    return '+'.join(kept) or 'default'


def steps_table(rows: Sequence[dict], title: str,
                notes: Sequence[str]) -> TextTable:
    """Make the table of the training steps.

    Args:
        rows (Sequence[dict]): Of :func:`step_row`.
        title (str): Title of the table.
        notes (Sequence[str]): Sentences below it.

    Returns:
        TextTable: A row for each step.
    """
    header = ['step', 'options', 'images/s', 'GFLOP an image',
              'cost in plain steps', 'FLOPs in plain steps', 'cost by FLOPs',
              'times as fast as literal', 'MiB', 'hours of Table 7']
    cells = []
    for row in rows:
        cells.append([
            row['kind'], row['options'],
            f'{row["images_per_second"]:.1f} '
            f'({row["images_per_second_low"]:.1f}-'
            f'{row["images_per_second_high"]:.1f})',
            f'{row["gflops"]:.1f}',
            f'{row["cost"]:.2f} ({row["cost_low"]:.2f}-'
            f'{row["cost_high"]:.2f})',
            row['flops_ratio'], row['efficiency'],
            f'{row["times_literal"]:.2f} ({row["times_literal_low"]:.2f}-'
            f'{row["times_literal_high"]:.2f})',
            f'{row["memory_mib"]:.0f}', f'{row["table_7_hours"]:.1f}'
        ])
    return TextTable('benchmark_steps', title, header, cells, list(notes))


def phases_table(phases: dict[str, dict[str, float]]) -> TextTable:
    """Make the table of what an iteration spends its time on.

    Args:
        phases (dict[str, dict[str, float]]): Seconds by phase, by options.

    Returns:
        TextTable: A row for each set of options, in per cent.
    """
    names = list(next(iter(phases.values())))
    rows = []
    for options, seconds in phases.items():
        total = sum(seconds.values())
        rows.append([options, f'{1000 * total:.0f}',
                     *(f'{100 * seconds[name] / total:.1f} %'
                       for name in names)])
    return TextTable(
        'benchmark_phases', 'What an iteration of ours spends its time on',
        ['options', 'ms', *names], rows)
