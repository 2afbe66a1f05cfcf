import pytest
import torch
from mmengine.evaluator import Evaluator
from mmpretrain.structures import DataSample

from ipdfer_mm.metrics import BalancedAccuracy


def evaluate(pairs):
    evaluator = Evaluator([BalancedAccuracy()])
    evaluator.dataset_meta = dict(classes=tuple('abcdefg'))
    evaluator.process([
        DataSample().set_gt_label(label).set_pred_label(
            torch.tensor([predicted])) for label, predicted in pairs
    ], None)
    return evaluator.evaluate(len(pairs))


def test_classes_count_alike():
    # Of a three in four right, of b none in one.
    pairs = [(0, 0), (0, 0), (0, 0), (0, 1), (1, 0)]
    assert evaluate(pairs) == {'balanced/top1': pytest.approx(37.5)}


@pytest.mark.parametrize('labels', [[0, 3, 4, 5, 6], [2], range(7)])
def test_classes_that_are_not_there(labels):
    assert evaluate([(label, label) for label in labels]) == {
        'balanced/top1': 100}


def test_a_class_that_is_only_predicted():
    assert evaluate([(0, 0), (0, 5)]) == {'balanced/top1': 50}
