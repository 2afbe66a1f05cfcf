import pytest
import torch

from ipdfer_mm.models import IdentityConsistencyLoss


def test_hand_computed():
    real = torch.tensor([[1.0, 2.0], [0.0, -1.0]])
    recon = torch.tensor([[1.0, 3.0], [2.0, -1.0]])  # mean |.|: 3 / 4
    neutral = torch.tensor([[0.0, 2.0], [0.0, 0.0]])  # mean |.|: 2 / 4
    loss = IdentityConsistencyLoss(loss_weight=2.0)(recon, neutral, real)
    assert loss.item() == pytest.approx(2 * (0.75 + 0.5))


def test_zero_for_equal_identities():
    feat = torch.randn(5, 7)
    assert IdentityConsistencyLoss()(feat, feat, feat).item() == 0
