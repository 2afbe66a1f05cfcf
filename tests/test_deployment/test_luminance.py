"""Color for networks that were trained on gray images."""

import cv2
import numpy as np
import pytest
import torch
from mmpretrain.models import ResNet

from ipdfer_mm.deployment.luminance import see_luminance


@pytest.fixture
def network():
    torch.manual_seed(0)
    network = ResNet(18, stem_channels=8, base_channels=8).double()
    network.eval()  # returns None
    return network


def features(network, images):
    """Of uint8 images (N, H, W, 3), RGB."""
    inputs = torch.tensor(images).permute(0, 3, 1, 2).double() / 127.5 - 1
    with torch.no_grad():
        return network(inputs)[-1]


@pytest.mark.parametrize('prefix', ['', 'expression_encoder.',
                                    'pose_encoder.'])
def test_color_is_seen_as_gray(network, prefix):
    images = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3),
                                               np.uint8)
    gray = np.stack([cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
                     for image in images])[..., None].repeat(3, axis=3)
    before = features(network, gray)
    assert not torch.allclose(features(network, images), before, rtol=0.1)
    state = {f'{prefix}backbone.{key}': value
             for key, value in network.state_dict().items()}
    changed = see_luminance(state)
    assert changed.keys() == state.keys()
    network.load_state_dict({key.removeprefix(f'{prefix}backbone.'): value
                             for key, value in changed.items()})
    torch.testing.assert_close(features(network, gray), before)
    # OpenCV rounds.
    torch.testing.assert_close(
        features(network, images), before, rtol=0.05, atol=0.02)


def test_other_networks_are_refused():
    with pytest.raises(ValueError, match='no first layer'):
        see_luminance(dict(weight=torch.ones(1)))
