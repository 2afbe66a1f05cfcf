import numpy as np
import pytest
from helpers.metrics import evaluate, sample


def verify(subjects, feats, pairs=None, **kwargs):
    return evaluate(
        'VerificationMetric',
        [sample(subject, feature=feat) for subject, feat in zip(
            subjects, feats)], meta=pairs and dict(pairs=pairs), **kwargs)


def angles_to_feats(degrees):
    radians = np.radians(degrees)
    return np.stack([np.cos(radians), np.sin(radians)], 1)


def test_by_hand():
    """Angles 0, 20 (subject 0) and 30, 90 (subject 1).

    Same: 20 and 60 degrees. Different: 30, 90, 10, 70. Of the 8 comparisons
    of a same with a different pair, 20 wins over 30, 90, 70 and 60 over 90,
    70.
    """
    lengths = np.array([[1], [5], [0.1], [2]])  # do not count
    feats = lengths * angles_to_feats([0, 20, 30, 90])
    assert verify([0, 0, 1, 1], feats) == {
        'verification/auc': pytest.approx(5 / 8)}


def test_accept_rates_by_hand():
    """Same pairs at 10, 20, 40 and 80 degrees, different at 15, 30, ..., 75.

    One of five different pairs may be accepted at 0.2 (up to 29 degrees: 2
    of 4 same pairs), none at 0.1 (up to 14: 1 of 4), three at 0.6 (up to 59:
    3 of 4).
    """
    same, other = (10, 20, 40, 80), (15, 30, 45, 60, 75)
    # Images 0 to 4 show subject 0.
    feats = angles_to_feats([0, *same, 0, *other])
    subjects = [0] * 5 + [1] + [2] * 5
    pairs = [(0, 0, i, True) for i in range(1, 5)]
    pairs += [(0, 5, i, False) for i in range(6, 11)]
    result = verify(subjects, feats, pairs, false_accept_rates=(.1, .2, .6))
    # Comparisons won: 10 over 5, 20 over 4, 40 over 3, 80 over 0.
    assert result == pytest.approx(
        {'verification/auc': 12 / 20, 'verification/tar@far=0.1': 1 / 4,
         'verification/tar@far=0.2': 2 / 4, 'verification/tar@far=0.6': 3 / 4})


def test_accuracy_takes_the_threshold_of_the_other_folds():
    """Fold 0 splits at 20 degrees without error, fold 1 between 50 and 70.

    By the threshold of fold 1, 50 degrees, fold 0 has its different pair at
    30 degrees wrong; by that of fold 0, 10 degrees, fold 1 its same pair.
    """
    feats = angles_to_feats([0, 10, 30, 50, 70])
    subjects = [0, 0, 1, 0, 1]
    pairs = [(0, 0, 1, True), (0, 0, 2, False), (1, 0, 3, True),
             (1, 0, 4, False)]
    result = verify(subjects, feats, pairs)
    assert result['verification/accuracy'] == .5
    assert result['verification/auc'] == .75


@pytest.mark.parametrize('rate', [0, 1, 2.])
def test_impossible_rates(rate):
    with pytest.raises(ValueError, match=r'in \(0, 1\)'):
        verify([0, 0, 1], np.eye(3), false_accept_rates=[rate])


@pytest.mark.parametrize('subjects', [[0, 1, 2], [3, 3, 3]])
def test_without_pairs_of_a_kind(subjects):
    with pytest.raises(ValueError, match='pairs of images'):
        verify(subjects, np.eye(3))


def test_model_without_features():
    with pytest.raises(ValueError, match='FaceRecognizer'):
        evaluate('VerificationMetric', [sample(1)])
