"""Is one classifier better than another on the same images?"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import binom, binomtest

NUM_DRAWINGS = 10000  # of the bootstrap


class McNemar(NamedTuple):
    """Result of :func:`mcnemar`.

    Attributes:
        only_first (int): Images that only the first classifier gets right.
        only_second (int): Those that only the second one gets right.
        exact (float): Two-sided p-value of the exact test.
        mid_p (float): Two-sided mid-p-value, less conservative.
    """

    only_first: int
    only_second: int
    exact: float
    mid_p: float


class Bootstrap(NamedTuple):
    """Result of :func:`paired_bootstrap`.

    Attributes:
        mean (float): Mean difference over all images.
        low (float): Lower end of the confidence interval.
        high (float): Upper end of it.
        num_groups (int): Number of subjects, or whatever was drawn.
    """

    mean: float
    low: float
    high: float
    num_groups: int


def mcnemar(first: np.ndarray, second: np.ndarray) -> McNemar:
    """McNemar's test that two classifiers are equally often right.

    Only images on which they differ count: under the null hypothesis each
    is right in half of them. It takes images as independent, which several
    images of one subject are not; see :func:`paired_bootstrap` for those.

    The mid-p-value counts the observed split by half, see Fagerland, Lydersen
    and Laake, `The McNemar test for binary matched-pairs data: mid-p and
    asymptotic are better than exact conditional
    <https://doi.org/10.1186/1471-2288-13-91>`_, 2013.

    Args:
        first (np.ndarray): Whether the first is right, (N, ), bool.
        second (np.ndarray): The same for the second, on the same images.

    Returns:
        McNemar: Counts and p-values; both are 1 where the two never differ.
    """
    only_first = int((first & ~second).sum())
    only_second = int((second & ~first).sum())
    total, fewer = only_first + only_second, min(only_first, only_second)
    if total == 0:
        return McNemar(0, 0, 1.0, 1.0)
    exact = float(binomtest(fewer, total).pvalue)
    tail = binom.cdf(fewer, total, 0.5) - binom.pmf(fewer, total, 0.5) / 2
    return McNemar(only_first, only_second, exact, float(2 * tail))


def paired_bootstrap(first: np.ndarray,
                     second: np.ndarray,
                     groups: Sequence) -> Bootstrap:
    """95 % confidence interval of how much more often the second is right.

    Whole groups are drawn with replacement, so that images of one subject,
    which are right or wrong together, do not pass for independent. The
    interval is that of percentiles.

    Args:
        first (np.ndarray): Whether the first classifier is right, (N, ), or
            the share of its seeds that are.
        second (np.ndarray): The same for the second, on the same images.
        groups (Sequence): The subject on each image, (N, ); the image's
            own name where subjects are not known.

    Returns:
        Bootstrap: Mean and interval, in [-1, 1]; the interval is nan with
        fewer than two groups.
    """
    _, index = np.unique(np.asarray(groups), return_inverse=True)
    sums = np.bincount(index, second.astype(float) - first)
    sizes = np.bincount(index).astype(float)
    mean = float(sums.sum() / sizes.sum())
    if len(sizes) < 2:
        return Bootstrap(mean, np.nan, np.nan, len(sizes))
    rng = np.random.default_rng(0)
    means = []
    for _ in range(NUM_DRAWINGS):
        drawn = rng.integers(len(sizes), size=len(sizes))
        means.append(sums[drawn].sum() / sizes[drawn].sum())
    low, high = np.quantile(means, [0.025, 0.975])
    return Bootstrap(mean, float(low), float(high), len(sizes))
