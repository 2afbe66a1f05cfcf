import math
from functools import partial

import pytest
from helpers.metrics import evaluate, sample

from ipdfer_mm.metrics import ClassSubsetAccuracy

subset = partial(evaluate, 'ClassSubsetAccuracy',
                 meta=dict(classes=('anger', 'happiness', 'neutral')))
TWO = dict(classes=('happiness', 'neutral'))


def test_other_scores_are_masked_and_other_samples_ignored():
    samples = [
        sample(1, [0.8, 0.15, 0.05]),  # right: 'anger' may not be chosen
        sample(1, [0.0, 0.4, 0.6]),  # wrong
        sample(2, [0.9, 0.04, 0.06]),  # right
        sample(2, [0.1, 0.2, 0.7]),  # right
        sample(0, [0.0, 0.5, 0.5]),  # does not count
    ]
    expected = {'accuracy/happiness_neutral': 75.0}
    assert subset(samples, **TWO) == expected
    # Several processes get as many each; the repeated ones come last.
    assert subset(samples + samples[:2], size=5, **TWO) == expected


def test_neutral_is_masked_under_a_name_of_its_own():
    samples = [sample(0, [0.2, 0.1, 0.7]),  # right among the expressions
               sample(1, [0.3, 0.2, 0.5])]  # wrong
    assert subset(samples, classes=('anger', 'happiness'), name='top1') == {
        'accuracy/top1': 50.0}


def test_without_samples_it_is_nan():
    result = subset([sample(0, [1.0, 0.0, 0.0])], **TWO)
    assert math.isnan(result['accuracy/happiness_neutral'])


def test_unknown_class_is_named():
    with pytest.raises(ValueError, match='joy.*anger'):
        subset([sample(1, [0.1, 0.2, 0.7])], classes=('joy', 'neutral'))
    with pytest.raises(ValueError, match='two'):
        ClassSubsetAccuracy(classes=['neutral'])
