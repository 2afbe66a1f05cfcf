import math

import pytest
import torch

from ipdfer_mm.models import OrthogonalityLoss


def test_absolute_value_is_taken_per_sample():
    # Angles of 60 and 120 degrees: cosines .5 and -.5 must not cancel.
    identity = torch.tensor([[2.0, 0.0], [3.0, 0.0]])
    expression = torch.tensor([
        [math.cos(math.radians(60)), math.sin(math.radians(60))],
        [5 * math.cos(math.radians(120)), 5 * math.sin(math.radians(120))],
    ])
    loss = OrthogonalityLoss(loss_weight=0.5)(identity, expression)
    assert loss.item() == pytest.approx(0.25, abs=1e-6)


def test_orthogonal_features_cost_nothing_and_parallel_ones_the_weight():
    a = torch.tensor([[1.0, 0.0, 0.0]])
    b = torch.tensor([[0.0, 4.0, -2.0]])
    assert OrthogonalityLoss()(a, b).item() == 0
    assert OrthogonalityLoss(0.5)(b, -3 * b).item() == pytest.approx(0.5)


def test_a_dead_feature_gives_no_nan():
    feat = torch.zeros(2, 4, requires_grad=True)
    loss = OrthogonalityLoss()(torch.ones(2, 4), feat)
    loss.backward()
    assert loss.item() == 0
    assert torch.isfinite(feat.grad).all()
