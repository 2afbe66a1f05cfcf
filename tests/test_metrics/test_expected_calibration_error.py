import numpy as np
import pytest
from helpers.metrics import evaluate, sample


def evaluate_scores(scores, labels, **kwargs):
    return evaluate('ExpectedCalibrationError', [
        sample(label, score) for score, label in zip(scores, labels)],
        **kwargs)


def test_by_hand():
    # Two of confidence 0.9, one of them right: |0.5 - 0.9| = 0.4; two of
    # confidence 0.6, both right: |1 - 0.6| = 0.4.
    scores = [[.9, .1, 0], [.9, .1, 0], [.2, .6, .2], [.2, .6, .2]]
    result = evaluate_scores(scores, [0, 1, 1, 1], num_bins=10)
    assert result == {'calibration/ece': pytest.approx(0.4)}


def reference(scores, labels, bins):
    """Equation 3 of Guo et al., literally."""
    confidence, right = scores.max(axis=1), scores.argmax(axis=1) == labels
    error = 0.0
    for low in range(bins):
        inside = (confidence > low / bins) & (confidence <= (low + 1) / bins)
        if inside.any():
            gap = abs(right[inside].mean() - confidence[inside].mean())
            error += inside.sum() / len(labels) * gap
    return error


@pytest.mark.parametrize('bins', [1, 7, 15])
def test_against_the_equation(bins):
    rng = np.random.default_rng(0)
    scores = rng.dirichlet([.5] * 7, size=300).astype(np.float32)
    labels = rng.integers(0, 7, 300)
    result = evaluate_scores(scores, labels, num_bins=bins)
    assert result['calibration/ece'] == pytest.approx(
        reference(scores, labels, bins), abs=1e-5)


@pytest.mark.parametrize('scores, bins, message', [
    ([2.0, -1.0], 15, 'needs probabilities'), ([1.0, 0], 0, 'num_bins is 0')])
def test_bad_input(scores, bins, message):
    with pytest.raises(ValueError, match=message):
        evaluate_scores([scores], [0], num_bins=bins)
