"""Turns and numbers with a clock of our own."""

from itertools import count

import pytest

from ipdfer_mm.benchmarking import interleave, summarize
from ipdfer_mm.benchmarking.timing import TURN


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
    assert summary['slow']['ms'] == pytest.approx(400)
    assert summary['slow']['ms_low'] == pytest.approx(300)
    assert summary['slow']['ms_best'] == pytest.approx(200)
    assert summary['slow']['pictures_per_second'] == pytest.approx(2.5)
    assert summary['slow']['speedup'] == 1
    # 4, 8 and 3 times, round by round.
    assert summary['fast']['speedup'] == pytest.approx(4)
    assert summary['fast']['speedup_low'] == pytest.approx(3.5)
    assert summary['fast']['speedup_high'] == pytest.approx(6)
