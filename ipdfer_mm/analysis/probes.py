"""What fresh classifiers can read out of frozen features."""

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import balanced_accuracy_score, r2_score
from sklearn.model_selection import (
    GroupKFold,
    StratifiedGroupKFold,
    StratifiedKFold,
)
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tqdm import tqdm

# Kinds of probes and what they are called in tables.
PROBES = {'linear': 'linear', 'mlp': 'MLP'}
# Each component of a face and the factor that it should hold.
FACTOR_OF = {'f_id': 'identity', 'f_pose': 'yaw', 'f_exp': 'expression'}
RIDGE_STRENGTHS = np.logspace(-1, 5, 13)


class TooFewImagesError(ValueError):
    """There are not enough images, or subjects, for a measure."""


@dataclass
class Factor:
    """What is to be read out of the features.

    Attributes:
        labels (np.ndarray): Class of each image, (N, ).
        known (np.ndarray): Whether it is known, bool (N, ).
        groups (np.ndarray, optional): Subject of each image, (N, ): a probe
            is then tested on subjects that it was not fitted to. None splits
            the images of all subjects, for the identity itself.
    """

    labels: np.ndarray
    known: np.ndarray
    groups: np.ndarray | None = None


def probe_score(feats: np.ndarray,
                factor: Factor,
                kind: str = 'linear',
                splits: int = 5,
                seed: int = 0) -> dict[str, float]:
    """Fit and test a classifier on frozen features, by cross-validation.

    Features are standardized, classes balanced by drawing images of the
    smaller ones again. The linear probe is a logistic regression, the other
    has one hidden layer of 128 units, both as scikit-learn sets them. A
    network that was trained not to be read by one classifier (Eq. 4 of the
    paper) may still be read by a new one.

    The score is ``(a - chance) / (1 - chance)`` of the balanced accuracy
    ``a``, the mean of the recalls (UAR), whose chance is 1/K whatever the
    shares of the K classes: a constant answer gets 0. (It is
    scikit-learn's ``balanced_accuracy_score`` with ``adjusted=True``.)

    Args:
        feats (np.ndarray): Features, (N, D).
        factor (Factor): Labels of the same images.
        kind (str): ``'linear'`` or ``'mlp'``.
        splits (int): Number of parts of the cross-validation. There are fewer
            where there are fewer subjects, or where one has fewer
            images.
        seed (int): Seed of the parts and of the probe.

    Returns:
        dict[str, float]: Mean over the parts of ``score`` (1 is perfect, 0
        chance) and its standard deviation ``std`` over them,
        ``uar`` and ``chance``, and the numbers of ``splits``, ``classes`` and
        ``images``.

    Raises:
        TooFewImagesError: As :func:`probe_parts`.
        ValueError: Likewise.
    """
    feats, labels = feats[factor.known], factor.labels[factor.known]
    results = []
    for number, (fit, ask) in probe_parts(factor, splits, seed).items():
        rng = np.random.default_rng([seed, number])
        fit = fit[_balance(labels[fit], rng)]
        guesses = _fit(kind, seed, feats[fit], labels[fit]).predict(feats[ask])
        results.append((_uar(labels[ask], guesses),
                        1 / len(np.unique(labels[ask]))))
    uar, chance = np.array(results).T
    scores = (uar - chance) / (1 - chance)
    return dict(
        score=float(scores.mean()),
        std=float(scores.std()),
        uar=float(uar.mean()),
        chance=float(chance.mean()),
        splits=len(results),
        classes=len(np.unique(labels)),
        images=len(labels))


def probe_parts(
        factor: Factor, splits: int,
        seed: int) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Divide the images whose class is known for a probe.

    Args:
        factor (Factor): As :func:`probe_score`.
        splits (int): Likewise.
        seed (int): Likewise.

    Returns:
        dict[int, tuple[np.ndarray, np.ndarray]]: Indices of those to fit to
        and of those to ask about, by number of the part. A part without two
        classes on both sides, as there are among few subjects, is left out.

    Raises:
        TooFewImagesError: If there are too few images or subjects to split,
            or no part of them has two classes.
        ValueError: If there are fewer than two classes.
    """
    labels = factor.labels[factor.known]
    groups = None if factor.groups is None else factor.groups[factor.known]
    parts = {
        number: part
        for number, part in enumerate(_split(labels, groups, splits, seed))
        if all(len(np.unique(labels[side])) > 1 for side in part)
    }
    if not parts:
        raise TooFewImagesError(
            'A probe is fitted to and tested on two classes or more, but no '
            'part of the subjects has them.')
    return parts


def leakage_matrix(feats: Mapping[str, np.ndarray],
                   factors: Mapping[str, Factor],
                   kind: str = 'linear',
                   splits: int = 5,
                   seed: int = 0) -> dict:
    """Score a probe for each component and factor.

    Args:
        feats (Mapping[str, np.ndarray]): Features of the components that the
            model has, by names of ``FACTOR_OF``, each (N, D).
        factors (Mapping[str, Factor]): The factors, by name.
        kind (str): As :func:`probe_score`.
        splits (int): As :func:`probe_score`.
        seed (int): As :func:`probe_score`.

    Returns:
        dict: ``cells``, :func:`probe_score` by component and factor;
        ``margin``, by component the score of its own factor less the mean of
        the others; ``mean_margin`` over the components, which is, for a full
        matrix, the mean of its diagonal less the mean of the rest.
    """
    cells: dict[str, dict[str, dict]] = {}
    work = [(row, column) for row in feats for column in factors]
    for row, column in tqdm(work, desc=f'{kind} probes', disable=None):
        cells.setdefault(row, {})[column] = probe_score(
            feats[row], factors[column], kind, splits, seed)
    margin = {}
    for row, scores in cells.items():
        own = FACTOR_OF[row]
        others = [cell['score'] for name, cell in scores.items()
                  if name != own]
        if own in scores and others:
            margin[row] = float(scores[own]['score'] - np.mean(others))
    mean_margin = float(np.mean(list(margin.values()))) if margin else None
    return dict(cells=cells, margin=margin, mean_margin=mean_margin)


def yaw_r2(feats: np.ndarray,
           yaws: np.ndarray,
           subjects: np.ndarray,
           splits: int = 5) -> dict[str, float]:
    """Predict the signed yaw from features by ridge regression.

    Args:
        feats (np.ndarray): Features, (N, D).
        yaws (np.ndarray): Signed degrees, (N, ); images with nan do not
            count.
        subjects (np.ndarray): Their subjects, (N, ): the regression is tested
            on subjects that it was not fitted to.
        splits (int): Number of parts of the cross-validation, fewer where
            there are fewer subjects.

    Returns:
        dict[str, float]: ``r2`` of all predictions together (1 is perfect,
        0 the mean yaw of the other subjects, or worse than that below), its
        standard deviation ``std`` over the parts, and ``mae``, the mean
        absolute error in degrees.

    Raises:
        TooFewImagesError: If there are fewer than two subjects.
    """
    known = ~np.isnan(yaws)
    feats, yaws, subjects = feats[known], yaws[known], subjects[known]
    splits = _limit(splits, len(np.unique(subjects)), 'subjects')
    guesses, scores = np.empty(len(yaws)), []
    for fit, ask in GroupKFold(splits).split(feats, yaws, subjects):
        model = make_pipeline(StandardScaler(), RidgeCV(RIDGE_STRENGTHS))
        guesses[ask] = model.fit(feats[fit], yaws[fit]).predict(feats[ask])
        scores.append(r2_score(yaws[ask], guesses[ask]))
    return dict(
        r2=float(r2_score(yaws, guesses)),
        std=float(np.std(scores)),
        mae=float(np.abs(yaws - guesses).mean()))


def _split(labels: np.ndarray, groups: np.ndarray | None, splits: int,
           seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    counts = np.unique(labels, return_counts=True)[1]
    if len(counts) < 2:
        raise ValueError('A probe needs two classes, but the '
                         f'{len(labels)} images have {len(counts)}.')
    if groups is None:
        splits = _limit(splits, counts.min(), 'images of each class')
        splitter = StratifiedKFold(splits, shuffle=True, random_state=seed)
    else:
        splits = _limit(splits, len(np.unique(groups)), 'subjects')
        splitter = StratifiedGroupKFold(
            splits, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # A class with fewer images than parts; it counts where it is.
        warnings.filterwarnings('ignore', message='The least populated class')
        yield from splitter.split(labels, labels, groups)


def _limit(splits: int, available: int, name: str) -> int:
    if available < 2:
        raise TooFewImagesError(
            'A probe is fitted to some and tested on others: it needs at '
            f'least 2 {name}, but there are {available}.')
    return min(splits, int(available))


def _balance(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Indices with as many of each class as the largest has."""
    classes, counts = np.unique(labels, return_counts=True)
    chosen = []
    for name in classes:
        own = np.flatnonzero(labels == name)
        chosen += [own, rng.choice(own, counts.max() - len(own))]
    return np.concatenate(chosen)


def _fit(kind: str, seed: int, feats: np.ndarray, labels: np.ndarray):
    if kind == 'linear':
        probe = LogisticRegression(max_iter=1000)
    else:
        probe = MLPClassifier((128, ), random_state=seed)
    with warnings.catch_warnings():
        # The number of iterations is a setting of the probe as any other.
        warnings.simplefilter('ignore', ConvergenceWarning)
        return make_pipeline(StandardScaler(), probe).fit(feats, labels)


def _uar(labels: np.ndarray, guesses: np.ndarray) -> float:
    with warnings.catch_warnings():
        # Guesses of subjects that are not in this part.
        warnings.filterwarnings('ignore', message='y_pred contains classes')
        return float(balanced_accuracy_score(labels, guesses))
