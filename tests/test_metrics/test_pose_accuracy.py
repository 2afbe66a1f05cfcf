import math

import pytest
import torch
from mmengine.registry import METRICS
from mmpretrain.structures import DataSample
from statsmodels.stats.proportion import proportion_confint


def evaluate(rows, **kwargs):
    """Rows of (class of the yaw, whether the prediction is right)."""
    metric = METRICS.build(dict(type='ipdfer_mm.PoseAccuracy', **kwargs))
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


def test_intervals_are_those_of_statsmodels():
    counts = {'yaw_0_10': (0, 9), 'yaw_10_20': (7, 7), 'yaw_20_30': (30, 41),
              'yaw_40_up': (1, 60), 'yaw_over_20': (31, 101)}
    rows = []
    for pose, name in ((0, 'yaw_0_10'), (1, 'yaw_10_20'), (2, 'yaw_20_30'),
                       (4, 'yaw_40_up')):
        right, count = counts[name]
        rows += [(pose, index < right) for index in range(count)]
    result = evaluate(rows, intervals=True)
    for name, (right, count) in counts.items():
        low, high = proportion_confint(right, count, method='wilson')
        name = f'accuracy/{name}'
        assert result[name] == pytest.approx(100 * right / count)
        assert result[f'{name}_low'] == pytest.approx(100 * low)
        assert result[f'{name}_high'] == pytest.approx(100 * high)
        assert result[f'{name}_images'] == count
    assert result['accuracy/yaw_30_40_images'] == 0
    assert math.isnan(result['accuracy/yaw_30_40_low'])


def test_intervals_by_hand():
    """5 of 10: the center is 1/2, the half width z / 2 / sqrt(n + z^2)."""
    result = evaluate([(0, True), (0, False)] * 5, intervals=True)
    half = 100 * 1.959964 / 2 / math.sqrt(10 + 1.959964**2)
    assert result['accuracy/yaw_0_10_low'] == pytest.approx(50 - half)
    assert result['accuracy/yaw_0_10_high'] == pytest.approx(50 + half)


def test_intervals_change_no_result():
    rows = [(0, True), (1, False), (4, True)]
    short, long = evaluate(rows), evaluate(rows, intervals=True)
    assert len(short) == 9
    assert len(long) == 4 * 9
    assert long == pytest.approx({**long, **short}, nan_ok=True)
