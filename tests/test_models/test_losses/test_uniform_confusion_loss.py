import math

import pytest
import torch

from ipdfer_mm.models import UniformConfusionLoss


def test_minimum_is_log_k_at_equal_logits():
    loss = UniformConfusionLoss(loss_weight=3.0)(torch.full((4, 5), 7.0))
    assert loss.item() == pytest.approx(3 * math.log(5), rel=1e-6)


def test_hand_computed():
    # softmax of (log 1, log 3) is (1/4, 3/4).
    logits = torch.log(torch.tensor([[1.0, 3.0], [1.0, 1.0]]))
    expected = -(math.log(1 / 4) + math.log(3 / 4)) / 2
    expected = (expected + math.log(2)) / 2
    loss = UniformConfusionLoss(loss_weight=1.0)(logits)
    assert loss.item() == pytest.approx(expected, rel=1e-6)


def test_gradient_descends_towards_uniform():
    logits = torch.tensor([[4.0, 0.0, -2.0]], requires_grad=True)
    UniformConfusionLoss()(logits).backward()
    # d/dlogit = softmax - 1/K
    expected = torch.softmax(logits.detach(), 1) - 1 / 3
    torch.testing.assert_close(logits.grad, expected)
