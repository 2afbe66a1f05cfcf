import cv2
import numpy as np
import pytest
import torch

from ipdfer_mm.utils.images import swap_channels, to_png

RED = np.zeros((2, 3, 3), np.uint8) + np.array([200, 0, 7], np.uint8)


def test_channels_are_swapped():
    swapped = swap_channels(RED)
    assert swapped[0, 0].tolist() == [7, 0, 200]
    assert swapped.flags.c_contiguous
    batch = torch.tensor(RED).permute(2, 0, 1)[None]  # 1x3x2x3
    assert swap_channels(batch, 1)[0, :, 0, 0].tolist() == [7, 0, 200]


@pytest.mark.parametrize('image', [RED, RED[..., 0]], ids=['color', 'gray'])
def test_png(image):
    read = cv2.imdecode(np.frombuffer(to_png(image), np.uint8),
                        cv2.IMREAD_UNCHANGED)
    expected = cv2.cvtColor(image, cv2.COLOR_RGB2BGR) if (
        image.ndim == 3) else image
    assert np.array_equal(read, expected)
