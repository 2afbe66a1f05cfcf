import numpy as np
import pytest
import torch
from mmengine.registry import METRICS
from mmpretrain.structures import DataSample


def evaluate(people, feats):
    metric = METRICS.build(dict(type='ipdfer_mm.VerificationMetric'))
    samples = []
    for person, feat in zip(people, feats):
        sample = DataSample().set_gt_label(int(person))
        sample.set_field(torch.as_tensor(feat), 'feature')
        samples.append(sample.to_dict())
    metric.process({}, samples)
    return metric.evaluate(len(samples))['verification/auc']


def test_by_hand():
    """Angles 0, 20 (person 0) and 30, 90 (person 1).

    Same: 20 and 60 degrees. Different: 30, 90, 10, 70. Of the 8 comparisons
    of a same with a different pair, 20 wins over 30, 90, 70 and 60 over 90,
    70.
    """
    angles = np.radians([0, 20, 30, 90])
    lengths = np.array([1, 5, 0.1, 2])  # do not count
    feats = lengths[:, None] * np.stack([np.cos(angles), np.sin(angles)], 1)
    assert evaluate([0, 0, 1, 1], feats) == pytest.approx(5 / 8)


def test_noise_is_chance():
    rng = np.random.default_rng(0)
    auc = evaluate(np.repeat(np.arange(20), 10), rng.normal(size=(200, 32)))
    assert auc == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize('people', [[0, 1, 2], [3, 3, 3]])
def test_without_pairs_of_a_kind(people):
    with pytest.raises(ValueError, match='pairs of pictures'):
        evaluate(people, np.eye(3))


def test_model_without_features():
    metric = METRICS.build(dict(type='ipdfer_mm.VerificationMetric'))
    sample = DataSample().set_gt_label(1).to_dict()
    with pytest.raises(ValueError, match='FaceRecognizer'):
        metric.process({}, [sample])
