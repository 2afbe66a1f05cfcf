"""Identity verification from features."""

import numpy as np
from sklearn.metrics import roc_auc_score, roc_curve

from .probes import TooFewImagesError


def same_expression_verification(feats: np.ndarray, subjects: np.ndarray,
                                 expressions: np.ndarray) -> dict[str, float]:
    """Tell pairs of the same subject from others by the cosine of features.

    Only images of the same expression are paired, so that the expression
    itself says nothing. A feature of the expression alone should not know
    better than chance; one of the identity should.

    Args:
        feats (np.ndarray): Features, (N, D).
        subjects (np.ndarray): The subject of each image, (N, ).
        expressions (np.ndarray): Their classes, (N, ).

    Returns:
        dict[str, float]: ``auc``, the area under the ROC curve (0.5 is
        chance), ``eer``, the equal error rate (likewise), and the numbers of
        pairs, ``same_subject`` and ``other_subjects``.

    Raises:
        TooFewImagesError: If there is no pair of the same subject, or of
            different subjects, with the same expression.
    """
    feats = feats / np.linalg.norm(
        feats, axis=1, keepdims=True).clip(min=1e-12)
    cosines, same = [], []
    for name in np.unique(expressions):
        own = np.flatnonzero(expressions == name)
        first, second = np.triu_indices(len(own), k=1)
        cosines.append((feats[own] @ feats[own].T)[first, second])
        same.append(subjects[own][first] == subjects[own][second])
    cosine, same_subject = np.concatenate(cosines), np.concatenate(same)
    count = int(same_subject.sum())
    if count in (0, len(same_subject)):
        raise TooFewImagesError(
            'Verification needs pairs with the same expression, of the same '
            f'subject and of different subjects, but there are {count} and '
            f'{len(same_subject) - count}.')
    return dict(
        auc=float(roc_auc_score(same_subject, cosine)),
        eer=equal_error_rate(same_subject, cosine),
        same_subject=count,
        other_subjects=len(same_subject) - count)


def equal_error_rate(truth: np.ndarray, scores: np.ndarray) -> float:
    """Error rate where as many are wrongly accepted as wrongly rejected.

    Args:
        truth (np.ndarray): Whether to accept, bool (N, ), both present.
        scores (np.ndarray): Larger is accepted first, (N, ).

    Returns:
        float: In [0, 1], interpolated linearly between thresholds.
    """
    false_accepts, true_accepts, _ = roc_curve(truth, scores)
    # Rises from -1 to 1 along the curve and never falls.
    difference = false_accepts - (1 - true_accepts)
    return float(np.interp(0, difference, false_accepts))
