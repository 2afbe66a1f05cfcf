import math

import pytest
import torch
from mmengine.registry import METRICS
from mmpretrain.structures import DataSample

from ipdfer_mm.metrics import ClassSubsetAccuracy

CLASSES = ('anger', 'happiness', 'neutral')


def evaluate(samples, classes=('happiness', 'neutral'), **kwargs):
    metric = METRICS.build(
        dict(
            type='ipdfer_mm.ClassSubsetAccuracy', classes=classes, **kwargs))
    metric.dataset_meta = dict(classes=CLASSES)
    metric.process({}, [
        DataSample().set_gt_label(label).set_pred_score(
            torch.tensor(scores)).to_dict() for label, scores in samples
    ])
    return metric.evaluate(len(samples))


def test_other_scores_are_masked_and_other_samples_ignored():
    result = evaluate([
        (1, [0.8, 0.15, 0.05]),  # right: 'anger' may not be chosen
        (1, [0.0, 0.4, 0.6]),  # wrong
        (2, [0.9, 0.04, 0.06]),  # right
        (2, [0.1, 0.2, 0.7]),  # right
        (0, [0.0, 0.5, 0.5]),  # does not count
    ])
    assert result == {'accuracy/happiness_neutral': 75.0}


def test_samples_that_fill_up_the_last_batch_do_not_count():
    """Several processes get as many each; the repeated ones come last."""
    metric = ClassSubsetAccuracy(classes=('happiness', 'neutral'))
    metric.dataset_meta = dict(classes=CLASSES)
    samples = [(0, [.0, .5, .5]), (1, [.0, .4, .6]), (1, [.0, .6, .4]),
               # Of another class and wrong; repeated.
               (0, [.0, .5, .5]), (1, [.0, .4, .6])]
    metric.process({}, [
        DataSample().set_gt_label(label).set_pred_score(
            torch.tensor(scores)).to_dict() for label, scores in samples])
    assert metric.evaluate(3) == {'accuracy/happiness_neutral': 50.0}


def test_neutral_is_masked_under_a_name_of_its_own():
    result = evaluate([
        (0, [0.2, 0.1, 0.7]),  # right among the expressions
        (1, [0.3, 0.2, 0.5]),  # wrong
    ], classes=('anger', 'happiness'), name='top1')
    assert result == {'accuracy/top1': 50.0}


def test_without_samples_it_is_nan():
    result = evaluate([(0, [1.0, 0.0, 0.0])])
    assert math.isnan(result['accuracy/happiness_neutral'])


def test_unknown_class_is_named():
    with pytest.raises(ValueError, match='joy.*anger'):
        evaluate([(1, [0.1, 0.2, 0.7])], classes=('joy', 'neutral'))
    with pytest.raises(ValueError, match='two'):
        ClassSubsetAccuracy(classes=['neutral'])
