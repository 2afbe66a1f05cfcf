import pytest
import torch

from ipdfer_mm.models import FaceDecoder
from ipdfer_mm.models.decoders.face_decoder import spread


def small(**kwargs):
    return FaceDecoder(16, widths=(8, ) * 5, **kwargs)


@pytest.mark.parametrize('size', [32, 64, 75, 112, 127])
def test_any_size_from_32(size):
    images = small(img_size=size)(torch.randn(2, 16))
    assert images.shape == (2, 3, size, size)
    assert images.abs().max() < 1


def test_default_widths():
    """Five stages, 512 dimensions to 3 x 112 x 112 (Section 4.2)."""
    decoder = FaceDecoder()
    outputs = []
    for stage in decoder.stages:
        stage.register_forward_hook(
            lambda module, args, out: outputs.append(tuple(out.shape[1:])))
    assert decoder(torch.randn(2, 512)).shape == (2, 3, 112, 112)
    assert outputs == [(256, 7, 7), (128, 14, 14), (64, 28, 28),
                       (32, 56, 56), (16, 112, 112)]


@pytest.mark.parametrize('memory_format', [
    torch.contiguous_format, torch.channels_last])
def test_spread_is_a_transposed_convolution(memory_format):
    """Also its gradients; the map has the weight's memory format."""
    feats = torch.randn(2, 5, 1, 1, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(5, 3, 4, 4, dtype=torch.float64).to(
        memory_format=memory_format).requires_grad_()
    actual = spread(feats, weight)
    expected = torch.nn.functional.conv_transpose2d(feats, weight)
    torch.testing.assert_close(actual, expected)
    assert actual.is_contiguous(memory_format=memory_format)
    toward = torch.randn_like(expected)
    for ours, theirs in zip(
            torch.autograd.grad(actual, (feats, weight), toward),
            torch.autograd.grad(expected, (feats, weight), toward)):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize('memory_format', [
    torch.contiguous_format, torch.channels_last])
def test_memory_format_is_kept(memory_format):
    """All maps, and the images, are those of the usual format."""
    torch.manual_seed(0)
    decoder = small(img_size=32).double()
    feats = torch.randn(2, 16, dtype=torch.float64)
    expected = decoder(feats)
    decoder.to(memory_format=memory_format)
    seen = []
    for stage in decoder.stages:
        for module in (stage, stage.activate):
            module.register_forward_hook(
                lambda _, inputs, output: seen.append(output))
    images = decoder(feats)
    assert len(seen) == 10
    for x in (*seen, images):
        assert x.is_contiguous(memory_format=memory_format)
    assert torch.allclose(images, expected, rtol=0, atol=1e-12)


def test_samples_do_not_meet():
    """Instance norm treats each sample alone: a batch of 2N is two of N."""
    decoder = small(img_size=32).double()
    feats = torch.randn(4, 16, dtype=torch.float64)
    both = torch.cat([decoder(feats[:2]), decoder(feats[2:])])
    torch.testing.assert_close(decoder(feats), both)


def test_bad_arguments():
    with pytest.raises(ValueError, match='img_size >= 32, but got 28'):
        FaceDecoder(img_size=28)
    with pytest.raises(ValueError, match='five'):
        FaceDecoder(widths=(8, 8))
