import numpy as np
import pytest

from ipdfer_mm.analysis.verification import (
    equal_error_rate,
    same_expression_verification,
)


def test_equal_error_rate_by_hand():
    truth = np.array([1, 1, 1, 1, 0, 0, 0, 0], dtype=bool)
    # At a threshold between 3 and 4 one of four is wrong on each side.
    assert equal_error_rate(truth, np.array([9, 8, 7, 3, 4, 2, 1, 0])) == 0.25
    assert equal_error_rate(truth, np.arange(8)[::-1]) == 0
    assert equal_error_rate(truth, np.arange(8)) == 1
    assert equal_error_rate(truth, np.zeros(8)) == 0.5


def test_equal_error_rate_of_two_normals():
    """Means one apart, deviation 1: the error at the middle, Phi(-1/2)."""
    rng = np.random.default_rng(0)
    truth = np.repeat([False, True], 20000)
    scores = rng.normal(size=40000) + truth
    assert equal_error_rate(truth, scores) == pytest.approx(0.3085, abs=0.01)


def test_only_images_of_the_same_expression_are_paired():
    subjects = np.array(['a', 'a', 'b', 'b', 'b'])
    expressions = np.array(['joy', 'joy', 'joy', 'joy', 'fear'])
    feats = np.array([[1.0, 0], [2, 0], [0, 1], [0, 3], [1, 0]])
    result = same_expression_verification(feats, subjects, expressions)
    # The last would be wrong: b with the feature of a.
    assert result == dict(auc=1, eer=0, same_subject=2, other_subjects=4)


def test_noise_is_chance():
    rng = np.random.default_rng(0)
    result = same_expression_verification(
        rng.normal(size=(200, 32)), np.repeat(np.arange(20), 10),
        rng.integers(0, 2, 200))
    assert result['auc'] == pytest.approx(0.5, abs=0.06)
    assert result['eer'] == pytest.approx(0.5, abs=0.06)


def test_without_pairs():
    with pytest.raises(ValueError, match='there are 0 and 1'):
        same_expression_verification(
            np.eye(2), np.array(['a', 'b']), np.array(['joy', 'joy']))
