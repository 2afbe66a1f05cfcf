from dataclasses import asdict

import numpy as np
import pytest
import torch
from mmengine.logging import MessageHub

from ipdfer_mm.metrics.reliability import (
    NEVER,
    Reliability,
    Thresholds,
    fit_thresholds,
)

CLASSES = ('anger', 'fear')


def predictions(count, seed=0):
    """Right as often as their score says, and less at large yaws."""
    rng = np.random.default_rng(seed)
    best = rng.uniform(.5, 1, count)
    predicted = rng.integers(0, 2, count)
    bins = rng.integers(0, 5, count)
    right = rng.uniform(size=count) < best - .15 * (bins == 4)
    scores = np.where(predicted[:, None] == [0, 1], best[:, None],
                      1 - best[:, None])
    return scores, np.where(right, predicted, 1 - predicted), bins


def precision(scores, labels, mask, lowest):
    kept = mask & (scores.max(axis=1) >= lowest)
    return (scores.argmax(axis=1) == labels)[kept].mean(), kept.sum()


def test_thresholds_are_the_lowest_with_enough_precision():
    scores, labels, bins = predictions(4000)
    found = fit_thresholds(scores, labels, bins, CLASSES)
    groups = [(scores.argmax(axis=1) == i, found.by_class[name])
              for i, name in enumerate(CLASSES)]
    groups += [(bins == i, lowest) for i, lowest in enumerate(found.by_yaw)]
    for mask, lowest in groups:
        assert .5 < lowest < 1
        assert precision(scores, labels, mask, lowest)[0] >= .8
        # With any lower score there is too little of it.
        for other in scores.max(axis=1)[mask]:
            if other < lowest:
                assert precision(scores, labels, mask, other)[0] < .8
    assert found.by_yaw[4] > max(found.by_yaw[:4])


def test_few_and_hopeless_predictions():
    scores = np.array([(.9, .1)] * 30 + [(.2, .8)] * 5)
    labels = np.array([0] * 30 + [0] * 5)
    bins = np.array([0] * 25 + [-1] * 10)
    found = fit_thresholds(scores, labels, bins, CLASSES)
    # All predictions together are right in 30 of 35; fear is rare.
    assert found == Thresholds(dict(anger=0., fear=0.), (0., ) * 5)
    wrong = fit_thresholds(scores, 1 - labels, bins, CLASSES)
    assert wrong.by_class['anger'] == NEVER
    assert not wrong.carries('anger', 1., 0.)


def test_equal_scores_are_in_or_out_together():
    """As those of a softmax that says 1; in any order."""
    scores = np.array([(1., 0.)] * 200 + [(.7, .3)] * 100)
    for right in (slice(0, 40), slice(160, 200)):
        labels = np.ones(300, int)
        labels[right], labels[200:] = 0, 0
        found = fit_thresholds(scores, labels, np.full(300, -1), CLASSES)
        # Of those of 1, 40 of 200 are right; of all, 140 of 300.
        assert found.by_class['anger'] == NEVER


@pytest.mark.parametrize('score,yaw,carried', [
    (.7, 5., True), (.5, 5., False), (.7, -50., False), (.95, -50., True),
    (.7, np.nan, True)])
def test_class_and_yaw_must_both_carry(score, yaw, carried):
    limits = Thresholds(dict(anger=.6), (0., 0., 0., 0., .9))
    assert limits.carries('anger', score, yaw) is carried


def test_metric_hands_them_on():
    scores, labels, bins = predictions(300)
    metric = Reliability()
    metric.dataset_meta = dict(classes=CLASSES)
    metric.process({}, [
        dict(pred_score=torch.tensor(score), gt_label=torch.tensor([label]),
             pose_label=torch.tensor([pose]))
        for score, label, pose in zip(scores, labels, bins)])
    report = metric.evaluate(300)
    expected = fit_thresholds(scores.astype(np.float32), labels, bins, CLASSES)
    assert MessageHub.get_current_instance().get_info('reliability') == asdict(
        expected)
    sure = [expected.carries(CLASSES[score.argmax()], score.max(),
                             10 * float(pose) + 5)
            for score, pose in zip(scores.astype(np.float32), bins)]
    assert report['reliability/unsure'] == pytest.approx(
        100 - 100 * np.mean(sure))
    right = scores.argmax(axis=1) == labels
    assert report['reliability/accuracy'] == pytest.approx(
        100 * right[sure].mean())
