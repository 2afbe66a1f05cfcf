import cv2
import numpy as np
import pytest
import torch

from ipdfer_mm.utils.images import decode_pnm, swap_channels, to_png

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


@pytest.mark.parametrize('kind, maximum, value, expected', [
    (2, 100, 50, 128), (5, 100, 50, 128), (6, 100, 25, 64),
    (2, 4095, 2047, 127), (5, 4095, 2047, 127), (3, 1023, 1023, 255)])
def test_pnm_with_another_maximum(kind, maximum, value, expected):
    count = 6 * (3 if kind in (3, 6) else 1)
    pixels = (' '.join([str(value)] * count).encode() if kind < 4 else
              np.full(count, value, '>u2' if maximum > 255 else 'u1')
              .tobytes())
    content = f'P{kind}\n# a comment\n3 2\n{maximum}\n'.encode() + pixels
    image = decode_pnm(content)
    assert image.shape == (2, 3, 3) and image.dtype == np.uint8
    assert np.abs(image.astype(int) - expected).max() <= 1
    # Others are OpenCV's.
    assert decode_pnm(content.replace(b'%d\n' % maximum, b'255\n')) is None
    assert decode_pnm(to_png(RED)) is None
