import numpy as np
import pytest
import torch
from mmengine.registry import METRICS
from mmpretrain.structures import DataSample


def evaluate(scores, labels, **kwargs):
    metric = METRICS.build(
        dict(type='ipdfer_mm.ExpectedCalibrationError', **kwargs))
    samples = [
        DataSample().set_gt_label(int(label)).set_pred_score(
            torch.as_tensor(score)).to_dict()
        for score, label in zip(scores, labels)
    ]
    metric.process({}, samples)
    return metric.evaluate(len(samples))


def test_by_hand():
    # Two of confidence 0.9, one of them right: |0.5 - 0.9| = 0.4; two of
    # confidence 0.6, both right: |1 - 0.6| = 0.4.
    scores = [[.9, .1, 0], [.9, .1, 0], [.2, .6, .2], [.2, .6, .2]]
    result = evaluate(scores, [0, 1, 1, 1], num_bins=10)
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
    result = evaluate(scores, labels, num_bins=bins)
    assert result['calibration/ece'] == pytest.approx(
        reference(scores, labels, bins), abs=1e-5)


def test_a_calibrated_classifier():
    """Labels drawn from the scores themselves."""
    rng = np.random.default_rng(0)
    scores = rng.dirichlet([1] * 4, size=20000).astype(np.float32)
    labels = (scores.cumsum(axis=1) < rng.random((20000, 1))).sum(axis=1)
    result = evaluate(scores, labels.clip(max=3))
    assert result['calibration/ece'] < 0.015


def test_logits_are_refused():
    with pytest.raises(ValueError, match='needs probabilities'):
        evaluate([[2.0, -1.0]], [0])


def test_no_bins():
    with pytest.raises(ValueError, match='num_bins is 0'):
        evaluate([[1.0, 0]], [0], num_bins=0)
