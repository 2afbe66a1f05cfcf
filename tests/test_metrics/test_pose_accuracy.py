import math

import pytest
from helpers.metrics import evaluate, sample
from statsmodels.stats.proportion import proportion_confint


def evaluate_rows(rows, **kwargs):
    """Rows of (yaw bin, whether the prediction is right)."""
    return evaluate('PoseAccuracy', [
        sample(1, [0.1, 0.9] if right else [0.9, 0.1], pose_label=[pose])
        for pose, right in rows], **kwargs)


def test_by_hand():
    result = evaluate_rows([
        (0, True), (0, False), (1, True), (2, False), (4, True), (4, True),
        (4, False), (-100, False)])
    expected = {
        'accuracy/yaw_0_10': 50, 'accuracy/yaw_10_20': 100,
        'accuracy/yaw_20_30': 0, 'accuracy/yaw_40_up': 200 / 3,
        'accuracy/yaw_over_10': 60, 'accuracy/yaw_over_20': 50,
        'accuracy/yaw_over_30': 200 / 3, 'accuracy/yaw_over_40': 200 / 3,
    }
    assert math.isnan(result.pop('accuracy/yaw_30_40'))
    assert result == pytest.approx(expected)


def test_without_pose():
    with pytest.raises(ValueError, match='PackFaceInputs'):
        evaluate('PoseAccuracy', [sample(1, [1, 1])])


def test_intervals_are_those_of_statsmodels():
    counts = {'yaw_0_10': (0, 9), 'yaw_10_20': (7, 7), 'yaw_20_30': (30, 41),
              'yaw_40_up': (1, 60), 'yaw_over_20': (31, 101)}
    rows = []
    for pose, name in ((0, 'yaw_0_10'), (1, 'yaw_10_20'), (2, 'yaw_20_30'),
                       (4, 'yaw_40_up')):
        right, count = counts[name]
        rows += [(pose, index < right) for index in range(count)]
    result = evaluate_rows(rows, intervals=True)
    for name, (right, count) in counts.items():
        low, high = proportion_confint(right, count, method='wilson')
        name = f'accuracy/{name}'
        assert result[name] == pytest.approx(100 * right / count)
        assert result[f'{name}_low'] == pytest.approx(100 * low)
        assert result[f'{name}_high'] == pytest.approx(100 * high)
        assert result[f'{name}_images'] == count
    assert result['accuracy/yaw_30_40_images'] == 0
    assert math.isnan(result['accuracy/yaw_30_40_low'])


def test_intervals_change_no_result():
    rows = [(0, True), (1, False), (4, True)]
    short, long = evaluate_rows(rows), evaluate_rows(rows, intervals=True)
    assert len(short) == 9
    assert len(long) == 4 * 9
    assert long == pytest.approx({**long, **short}, nan_ok=True)
