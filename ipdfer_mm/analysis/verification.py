"""Who is it? Asked of features without any training."""

import numpy as np
from sklearn.metrics import roc_auc_score, roc_curve


def same_expression_verification(feats: np.ndarray, people: np.ndarray,
                                 expressions: np.ndarray) -> dict[str, float]:
    """Tell pairs of the same person from others by the cosine of features.

    Only pictures of the same expression are paired, so that the expression
    itself says nothing. A feature of the expression alone should not know
    better than chance; one of the identity should.

    Args:
        feats (np.ndarray): Features, (N, D).
        people (np.ndarray): Who the pictures show, (N, ).
        expressions (np.ndarray): Their classes, (N, ).

    Returns:
        dict[str, float]: ``auc``, the area under the ROC curve (0.5 is
        chance), ``eer``, the equal error rate (likewise), and the numbers of
        pairs, ``same_person`` and ``other_people``.

    Raises:
        ValueError: If there is no pair of the same person, or of different
            people, with the same expression.
    """
    feats = feats / np.linalg.norm(
        feats, axis=1, keepdims=True).clip(min=1e-12)
    cosines, same = [], []
    for name in np.unique(expressions):
        own = np.flatnonzero(expressions == name)
        first, second = np.triu_indices(len(own), k=1)
        cosines.append((feats[own] @ feats[own].T)[first, second])
        same.append(people[own][first] == people[own][second])
    cosine, same_person = np.concatenate(cosines), np.concatenate(same)
    count = int(same_person.sum())
    if count in (0, len(same_person)):
        raise ValueError(
            'Verification needs pairs with the same expression, of the same '
            f'person and of different people, but there are {count} and '
            f'{len(same_person) - count}.')
    return dict(
        auc=float(roc_auc_score(same_person, cosine)),
        eer=equal_error_rate(same_person, cosine),
        same_person=count,
        other_people=len(same_person) - count)


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
