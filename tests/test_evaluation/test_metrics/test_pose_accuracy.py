import math

import pytest
import torch
from mmengine.registry import METRICS
from mmpretrain.structures import DataSample


def evaluate(rows):
    """Rows of (class of the yaw, whether the prediction is right)."""
    metric = METRICS.build(dict(type='ipdfer_mm.PoseAccuracy'))
    samples = []
    for pose, right in rows:
        sample = DataSample().set_gt_label(1).set_pred_score(
            torch.tensor([0.1, 0.9] if right else [0.9, 0.1]))
        sample.set_field(torch.tensor([pose]), 'pose_label')
        samples.append(sample.to_dict())
    metric.process({}, samples)
    return metric.evaluate(len(samples))


def test_by_hand():
    result = evaluate([(0, True), (0, False), (1, True), (2, False), (4, True),
                       (4, True), (4, False), (-100, False)])
    expected = {
        'accuracy/yaw_0_10': 50, 'accuracy/yaw_10_20': 100,
        'accuracy/yaw_20_30': 0, 'accuracy/yaw_40_up': 200 / 3,
        'accuracy/yaw_over_10': 60, 'accuracy/yaw_over_20': 50,
        'accuracy/yaw_over_30': 200 / 3, 'accuracy/yaw_over_40': 200 / 3,
    }
    assert math.isnan(result.pop('accuracy/yaw_30_40'))
    assert result == pytest.approx(expected)


def test_without_pose():
    metric = METRICS.build(dict(type='ipdfer_mm.PoseAccuracy'))
    sample = DataSample().set_gt_label(1).set_pred_score(torch.ones(2))
    with pytest.raises(ValueError, match='PackFaceInputs'):
        metric.process({}, [sample.to_dict()])
