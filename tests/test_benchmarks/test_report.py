"""Turns, and tables and the numbers in them, computed by hand."""

import math
from itertools import count

import pytest

from benchmarks.inference import benchmark_table
from benchmarks.report import phases_table, step_row, steps_table
from benchmarks.timing import TURN, interleave, summarize

MEDIANS = {
    ('plain', 'default'): [1.0, 2.0, 1.0],
    ('literal', 'default'): [12.0, 12.0, 12.0],
    ('plain', 'fused'): [0.5, 0.5, 1.0],
    ('ours', 'fused'): [4.0, 4.0, 6.0],
    ('ours', 'fused+lazy4'): [1.0, 1.5, 2.0],
}
FLOPS = dict(zip(MEDIANS, (10e9, 100e9, 10e9, 80e9, 30e9)))


def test_row():
    row = step_row(('ours', 'fused'), MEDIANS, FLOPS, 3 * 2**20, 10)
    expected = dict(
        images_per_second=2.5, images_per_second_low=2.5 - 5 / 12, gflops=8,
        memory_mib=3,
        # 8, 8 and 6 plain steps with the same options.
        cost=8, cost_low=7, flops_ratio=8, efficiency=1, times_literal=3,
        times_literal_low=2.5, times_literal_high=3,
        table_7_hours=30 * 12271 / 2.5 / 3600)
    assert {name: row[name] for name in expected} == pytest.approx(expected)


def test_lazy_row_is_compared_with_the_same_plain_step():
    row = step_row(('ours', 'fused+lazy4'), MEDIANS, FLOPS, 0, 10)
    assert row['cost'] == pytest.approx(2)
    assert row['flops_ratio'] == pytest.approx(3)


def test_without_a_literal_step():
    medians = {key: MEDIANS[key] for key in MEDIANS if key[0] != 'literal'}
    row = step_row(('ours', 'fused'), medians, FLOPS, 0, 10)
    assert math.isnan(row['times_literal'])


def test_tables():
    row = step_row(('ours', 'fused'), MEDIANS, FLOPS, 3 * 2**20, 10)
    text = steps_table([row], 'Speed', ['a laptop']).markdown()
    assert ('| ours | fused | 2.5 (2.1-2.5) | 8.0 | 8.00 (7.00-8.00) | 8.00 '
            '| 1.00 | 3.00 (2.50-3.00) | 3 | 40.9 |') in text
    assert '- a laptop' in text
    text = phases_table({'fused': dict(first=0.3, second=0.1)}).markdown()
    assert '| fused | 400 | 75.0 % | 25.0 % |' in text


@pytest.mark.parametrize('turns, calls', [
    (2, 2 + 2 * 1),  # twice before the rounds, once in each
    (2 / 3, 2 + 2 * (1 + 2)),  # short: once unmeasured, then two turns
])
def test_interleave(turns, calls):
    called, ticks = [], count()
    medians = interleave(
        {name: lambda name=name: called.append(name) for name in 'ab'}, 2,
        lambda: next(ticks) * turns * TURN)
    assert ''.join(called[:4]) == 'aabb'
    half = (calls - 2) // 2
    assert ''.join(called[4:]) == 2 * (half * 'a' + half * 'b')
    assert medians['b'] == pytest.approx([turns * TURN] * 2)


def test_summary():
    medians = dict(slow=[0.4, 0.8, 1.2], fast=[0.1, 0.1, 0.4])
    summary = summarize(medians, 2, 'slow')
    for name, expected in (
            ('slow', dict(ms=400, ms_low=300, ms_best=200,
                          images_per_second=2.5, speedup=1)),
            # 4, 8 and 3 times, round by round.
            ('fast', dict(speedup=4, speedup_low=3.5, speedup_high=6))):
        assert {key: summary[name][key] for key in expected
                } == pytest.approx(expected)
    text = benchmark_table({2: summary}, 'Speed', ['idle']).markdown()
    assert ('| fast | 2 | 50.00 (50.00-125.00) | 50.00 | 20 | '
            '4.00 (3.50-6.00) |') in text
