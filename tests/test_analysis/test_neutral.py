import math

import pytest
import torch

from ipdfer_mm.analysis.neutral import image_similarity, neutral_gain


def test_similarity_by_hand():
    targets = torch.zeros(2, 3, 32, 32)
    images = targets.clone()
    images[0] += 0.2  # mean square 0.04
    images[1] += 0.02  # 0.0004
    result = image_similarity(images, targets)
    assert result['l1'] == pytest.approx(0.11)
    # 10 log10(2^2 / mse), averaged: 20 dB and 40 dB.
    assert result['psnr'] == pytest.approx(30, abs=1e-3)
    # Flat images: (2ab + c) / (a^2 + b^2 + c) with c = (0.01 * 2)^2.
    c = 4e-4
    expected = (c / (0.04 + c) + c / (0.0004 + c)) / 2
    assert result['ssim'] == pytest.approx(expected, abs=1e-3)


def test_identical_images():
    images = torch.rand(2, 3, 32, 32) * 2 - 1
    result = image_similarity(images, images)
    assert result['l1'] == 0
    assert result['ssim'] == pytest.approx(1)
    assert math.isinf(result['psnr'])


def faces(*values):
    """One image for each value, 3x1x2: the value, and 0.5 beside it."""
    rows = [torch.tensor([value, 0.5]).expand(3, 1, 2) for value in values]
    return torch.stack(rows)


def test_gain_by_hand():
    paired_neutrals = faces(0, 0, 0)
    # The third changes too little to count.
    images = faces(1, 0.5, 8 / 127.5)
    neutrals = faces(0.2, 0.4, 0)
    reconstructions = faces(0.8, 0.3, 1)
    neutrals[:, :, :, 1] = 9  # does not count: the images agree there
    result = neutral_gain(images, reconstructions, neutrals, paired_neutrals)
    assert result == pytest.approx(
        dict(closer=0.5, neutral_l1=0.3, reconstruction_l1=0.55, num_images=2))


def test_gain_without_expression():
    images = faces(0, 0)
    with pytest.raises(ValueError, match='8 gray levels'):
        neutral_gain(images, images, images, images)
