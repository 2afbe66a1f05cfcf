import numpy as np
import pytest

from ipdfer_mm.analysis.dependence import (
    linear_cka,
    mean_abs_cosine,
    measure_dependence,
)

FIRST, SECOND = np.random.default_rng(0).normal(size=(2, 60, 5))


def test_cosine_by_hand():
    first = np.array([[1.0, 0], [3, 4], [1, 1]])
    second = np.array([[-2.0, 0], [4, -3], [0, 2]])
    assert mean_abs_cosine(first, second) == pytest.approx(
        (1 + 0 + 0.5**0.5) / 3)
    assert mean_abs_cosine(np.zeros((2, 3)), np.ones((2, 3))) == 0


def test_cka_by_centered_kernels():
    """HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)), the paper's Equation 1."""
    center = np.eye(60) - 1 / 60

    def hsic(first, second):
        return np.trace(first @ first.T @ center @ second @ second.T @ center)

    second = SECOND + 0.5 * FIRST
    expected = hsic(FIRST, second) / np.sqrt(
        hsic(FIRST, FIRST) * hsic(second, second))
    assert linear_cka(FIRST, second) == pytest.approx(expected)


def distance_correlation(first, second):
    report = measure_dependence(first, second, permutations=1)
    return report['distance_correlation']['value']


def literal_distance_correlation(first, second):
    """Definition 2 of Székely et al., index by index."""
    count = len(first)

    def centered(feats):
        a = np.array([[np.linalg.norm(feats[k] - feats[m])
                       for m in range(count)] for k in range(count)])
        return np.array([[a[k, m] - a[k].mean() - a[:, m].mean() + a.mean()
                          for m in range(count)] for k in range(count)])

    a, b = centered(first), centered(second)
    return np.sqrt((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()))


def test_distance_correlation():
    second = SECOND.copy()
    second[:, 0] = FIRST[:, 0]**2
    assert distance_correlation(FIRST, second) == pytest.approx(
        literal_distance_correlation(FIRST, second))
    assert distance_correlation(FIRST, 2 * FIRST - 1) == pytest.approx(1)


def test_constant_features():
    constant = np.ones((60, 5))
    assert linear_cka(FIRST, constant) == 0
    assert distance_correlation(FIRST, constant) == 0


def test_independent_features_are_on_the_floor(rng):
    first, second = rng.normal(size=(2, 500, 64))
    for name, cell in measure_dependence(first, second).items():
        assert abs(cell['value'] - cell['floor']) < max(
            5 * cell['floor_std'], 1e-3), name
    # The mean of |cos| of independent normal vectors, nearly.
    assert measure_dependence(first, second)['abs_cosine'][
        'floor'] == pytest.approx(np.sqrt(2 / (np.pi * 64)), rel=0.03)


def test_dependent_features_are_above_the_floor(rng):
    first = rng.normal(size=(300, 16))
    result = measure_dependence(first, first + rng.normal(size=(300, 16)))
    for cell in result.values():
        assert cell['value'] > cell['floor'] + 5 * cell['floor_std']
