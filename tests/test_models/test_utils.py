import pytest
import torch

from ipdfer_mm.models.utils import resize_square


def test_resize_square_halves_and_doubles():
    """Bilinear; smaller images are means, not every other pixel."""
    stripes = torch.zeros(1, 1, 8, 8)
    stripes[..., ::2] = 1
    half = resize_square(stripes, 4)
    torch.testing.assert_close(
        half[..., 1:-1], torch.full((1, 1, 4, 2), .5), rtol=0, atol=1e-6)
    ramp = torch.arange(4.).expand(1, 1, 4, 4)
    torch.testing.assert_close(
        resize_square(ramp, 8)[0, 0, 0],
        torch.tensor([0, .25, .75, 1.25, 1.75, 2.25, 2.75, 3]))


def test_resize_square_keeps_what_fits():
    images = torch.rand(2, 3, 8, 8)
    assert resize_square(images, 8) is images


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
@pytest.mark.parametrize('size', [4, 16])
def test_resize_square_in_half_precision(dtype, size):
    """As the autocast decoder gives images to a small identity network."""
    images = torch.rand(1, 3, 8, 8).to(dtype).requires_grad_()
    resized = resize_square(images, size)
    assert resized.dtype == dtype
    torch.testing.assert_close(
        resized, resize_square(images.double(), size).to(dtype))
    resized.sum().backward()
    assert images.grad.dtype == dtype and images.grad.all()
