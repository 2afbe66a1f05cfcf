import pytest
import torch

from ipdfer_mm.models import ReconstructionLoss

# Images of one color each: all L1 norms can be done by hand.
INPUTS = torch.tensor([0.0, 0.5, -1.0, 0.25])
RECON = torch.tensor([0.1, 0.5, -0.6, 0.25])  # L1: .1, 0, .4, 0
NEUTRAL = torch.tensor([0.2, -0.5, 0.0, 0.75])  # L1: .2, 1, 1, .5


def images(colors):
    return colors.double().view(4, 1, 1, 1).expand(4, 3, 6, 5)


def test_hand_computed():
    is_neutral = torch.tensor([True, False, True, False])
    loss = ReconstructionLoss(loss_weight=10.0)(
        images(RECON), images(NEUTRAL), images(INPUTS), is_neutral)
    # (.1 + .4) / 4 and, over the batch and not over two neutrals, 1.2 / 4.
    assert loss.item() == pytest.approx(10 * (0.125 + 0.3), rel=1e-6)


def test_neutral_term_becomes_the_mean_over_the_neutral_images():
    is_neutral = torch.tensor([True, False, True, False])
    loss = ReconstructionLoss(loss_weight=10.0, neutral_weight=2.0)(
        images(RECON), images(NEUTRAL), images(INPUTS), is_neutral)
    # Half of the images are neutral: (.2 + 1) / 2.
    assert loss.item() == pytest.approx(10 * (0.125 + 0.6), rel=1e-6)


def test_without_neutral_samples_only_the_first_term_is_left():
    loss = ReconstructionLoss(loss_weight=1.0)(
        images(RECON), images(NEUTRAL), images(INPUTS),
        torch.zeros(4, dtype=torch.bool))
    assert loss.item() == pytest.approx(0.125, rel=1e-6)


def test_gradient_reaches_neutral_images_of_neutral_samples_only():
    neutral = images(NEUTRAL).clone().requires_grad_()
    is_neutral = torch.tensor([True, False, False, True])
    ReconstructionLoss()(images(RECON), neutral, images(INPUTS),
                         is_neutral).backward()
    reached = neutral.grad.abs().sum(dim=(1, 2, 3)) > 0
    assert reached.tolist() == is_neutral.tolist()
