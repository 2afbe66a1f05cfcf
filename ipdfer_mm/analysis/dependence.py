"""How much two features of the same faces depend on each other."""

from collections.abc import Callable

import numpy as np
from scipy.spatial.distance import pdist, squareform


def mean_abs_cosine(first: np.ndarray, second: np.ndarray) -> float:
    """Mean of the absolute cosine, Eq. 3 of the paper without its weight.

    Args:
        first (np.ndarray): Features, (N, D).
        second (np.ndarray): Features of the same faces, (N, D).

    Returns:
        float: In [0, 1].
    """
    lengths = (np.linalg.norm(first, axis=1) *
               np.linalg.norm(second, axis=1)).clip(min=1e-12)
    return float(np.abs((first * second).sum(axis=1) / lengths).mean())


def linear_cka(first: np.ndarray, second: np.ndarray) -> float:
    """Linear centered kernel alignment.

    `Similarity of Neural Network Representations Revisited
    <https://arxiv.org/abs/1905.00414>`_ (Kornblith et al., 2019, Section 3):
    1 where one is the other up to rotation and scale. It has a positive bias
    where there are few faces for the dimensions.

    Args:
        first (np.ndarray): Features, (N, D).
        second (np.ndarray): Features of the same faces, (N, E).

    Returns:
        float: In [0, 1].
    """
    first, second = _center(first), _center(second)
    scale = np.linalg.norm(first.T @ first) * np.linalg.norm(
        second.T @ second)
    return float(np.linalg.norm(first.T @ second)**2 / scale) if scale else 0.0


def measure_dependence(first: np.ndarray,
                       second: np.ndarray,
                       permutations: int = 20,
                       seed: int = 0) -> dict[str, dict[str, float]]:
    """All measures, each beside its value for features of different faces.

    Features that are never negative, as after a ReLU, have a cosine far from
    0 although they are independent, and the other measures have a bias. So
    each is also taken with the second features shuffled: this floor is what
    independent features of the same distributions give.

    Args:
        first (np.ndarray): Features, (N, D).
        second (np.ndarray): Features of the same faces, (N, D).
        permutations (int): Number of shuffles.
        seed (int): Seed of the shuffles.

    Returns:
        dict[str, dict[str, float]]: For ``abs_cosine``, ``linear_cka`` and
        ``distance_correlation`` the ``value``, the ``floor``, which is the
        mean over the shuffles, and their standard deviation ``floor_std``.
    """
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(len(first)) for _ in range(permutations)]
    distances = _centered_distances(first), _centered_distances(second)
    first, second = first.astype(np.float64), second.astype(np.float64)
    measures: dict[str, Callable[[np.ndarray], float]] = dict(
        abs_cosine=lambda order: mean_abs_cosine(first, second[order]),
        linear_cka=lambda order: linear_cka(first, second[order]),
        distance_correlation=lambda order: _distance_correlation(
            distances[0], distances[1][np.ix_(order, order)]))
    report = {}
    for name, measure in measures.items():
        floor = [measure(order) for order in orders]
        report[name] = dict(
            value=measure(np.arange(len(first))),
            floor=float(np.mean(floor)),
            floor_std=float(np.std(floor)))
    return report


def _center(feats: np.ndarray) -> np.ndarray:
    feats = feats.astype(np.float64)
    return feats - feats.mean(axis=0)


def _centered_distances(feats: np.ndarray) -> np.ndarray:
    distances = squareform(pdist(feats.astype(np.float64)))  # NxN
    rows = distances.mean(axis=0)
    return distances - rows - rows[:, None] + rows.mean()


def _distance_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Distance correlation, which also sees dependence that is not linear.

    `Measuring and testing dependence by correlation of distances
    <https://arxiv.org/abs/0803.4101>`_ (Székely et al., 2007, Definitions 2
    and 3): 0 only for independent features, in the limit of many faces; with
    few it has a positive bias.
    """
    scale = np.sqrt((first * first).mean() * (second * second).mean())
    # Rounding can leave a negative covariance of nothing.
    covariance = max((first * second).mean(), 0)
    return float(np.sqrt(covariance / scale)) if scale else 0.0
