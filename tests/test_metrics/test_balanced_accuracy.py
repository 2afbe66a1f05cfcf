import pytest
from helpers.metrics import evaluate, sample


def balanced(pairs):
    return evaluate('BalancedAccuracy', [
        sample(label, pred_label=[predicted]) for label, predicted in pairs],
        meta=dict(classes=tuple('abcdefg')))


def test_classes_count_alike():
    # Of a three in four right, of b none in one.
    pairs = [(0, 0), (0, 0), (0, 0), (0, 1), (1, 0)]
    assert balanced(pairs) == {'balanced/top1': pytest.approx(37.5)}


@pytest.mark.parametrize('labels', [[0, 3, 4, 5, 6], [2], range(7)])
def test_classes_that_are_not_there(labels):
    assert balanced([(label, label) for label in labels]) == {
        'balanced/top1': 100}


def test_a_class_that_is_only_predicted():
    assert balanced([(0, 0), (0, 5)]) == {'balanced/top1': 50}
