"""McNemar's test and the paired bootstrap against numbers by hand."""

from math import comb, sqrt

import numpy as np
import pytest

from ipdfer_mm.analysis.significance import mcnemar, paired_bootstrap


def split(only_first: int, only_second: int, both: int = 40, none: int = 7):
    """Two classifiers that differ so often."""
    first = [True] * only_first + [False] * only_second
    second = [False] * only_first + [True] * only_second
    same = [True] * both + [False] * none
    return np.array(first + same), np.array(second + same)


@pytest.mark.parametrize('counts', [(1, 7), (7, 1), (9, 3), (0, 5), (4, 4)])
def test_mcnemar_by_counting_coin_tosses(counts):
    result = mcnemar(*split(*counts))
    total, fewer = sum(counts), min(counts)
    at_most = sum(comb(total, k) for k in range(fewer + 1)) / 2**total
    point = comb(total, fewer) / 2**total
    assert (result.only_first, result.only_second) == counts
    assert result.exact == pytest.approx(min(1, 2 * at_most))
    assert result.mid_p == pytest.approx(2 * (at_most - point / 2))


def test_mcnemar_without_difference():
    assert mcnemar(*split(0, 0)) == (0, 0, 1, 1)


def test_bootstrap_of_independent_images_is_normal():
    rng = np.random.default_rng(3)
    first, second = rng.random((2, 900)) < [[0.6], [0.7]]
    result = paired_bootstrap(first, second, range(900))
    difference = second.astype(float) - first
    half = 1.96 * difference.std() / sqrt(900)
    assert result.mean == pytest.approx(difference.mean())
    assert result.num_groups == 900
    assert result.low == pytest.approx(difference.mean() - half, abs=0.003)
    assert result.high == pytest.approx(difference.mean() + half, abs=0.003)


def test_bootstrap_draws_subjects():
    """Copies of an image add no evidence if they are one subject's."""
    rng = np.random.default_rng(4)
    first, second = rng.random((2, 50)) < 0.5
    once = paired_bootstrap(first, second, range(50))
    subjects = np.arange(50).repeat(9)
    nine = paired_bootstrap(first.repeat(9), second.repeat(9), subjects)
    assert nine == pytest.approx(once)
    naive = paired_bootstrap(first.repeat(9), second.repeat(9), range(9 * 50))
    assert naive.high - naive.low < (once.high - once.low) / 2


def test_bootstrap_of_two_subjects_by_hand():
    # One image, won; three images, lost. Drawn: 1/1, -3/3 or -2/4.
    result = paired_bootstrap(
        np.array([0, 1, 1, 1]), np.array([1, 0, 0, 0]), list('abbb'))
    assert result == (-0.5, -1, 1, 2)


def test_bootstrap_repeats_itself_and_needs_subjects():
    first, second = split(5, 9)
    groups = range(len(first))
    assert paired_bootstrap(first, second, groups) == paired_bootstrap(
        first, second, groups)
    alone = paired_bootstrap(first, second, ['a'] * len(first))
    assert alone.num_groups == 1 and np.isnan([alone.low, alone.high]).all()
