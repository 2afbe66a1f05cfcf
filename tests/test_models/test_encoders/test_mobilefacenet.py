import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from ipdfer_mm.models.encoders import IdentityEncoder, MobileFaceNet


@pytest.fixture(scope='module')
def folder(shared):
    return shared / 'weights/mobilefacenet'


@pytest.fixture(scope='module')
def features(folder):
    """Features of the test vectors, theirs, and who is on the images."""
    encoder = IdentityEncoder(
        dict(type='MobileFaceNet'), mean=(123.675, 116.28, 103.53),
        std=(58.395, 57.12, 57.375), init_cfg=dict(
            type='Pretrained',
            checkpoint=str(folder / 'mobilefacenet_ms1m.safetensors')))
    encoder.init_weights()
    assert encoder.has_weights
    vectors = np.load(folder / 'test_vectors.npz')
    images = torch.from_numpy(vectors['images_rgb_uint8'])
    inputs = (images.permute(0, 3, 1, 2).float() - 127.5) / 127.5
    with torch.no_grad():
        found = encoder(inputs)
    return found, torch.from_numpy(vectors['embeddings']), vectors['identity']


def test_keys_and_shapes_are_those_of_the_file(folder):
    state = load_file(folder / 'mobilefacenet_ms1m.safetensors')
    model = MobileFaceNet()
    assert set(model.state_dict()) == set(state)
    model.load_state_dict(state, strict=True)
    for name, value in model.state_dict().items():
        assert torch.equal(value, state[name])


def test_features_equal_the_test_vectors(features):
    found, expected, _ = features
    assert found.shape == (8, 128)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)
    norms = found.norm(dim=1)
    assert norms.min() > 14 and norms.max() < 20


def test_it_tells_subjects_apart(features):
    found, _, identity = features
    unit = found / found.norm(dim=1, keepdim=True)
    cosine = (unit @ unit.T).numpy()
    same = identity[:, None] == identity[None]
    other_image = ~np.eye(8, dtype=bool)
    assert cosine[same & other_image].min() > 0.6
    assert cosine[~same].max() < 0.4


def test_output_is_a_tuple_of_features_and_trains():
    model = MobileFaceNet()
    out = model(torch.rand(2, 3, 112, 112))
    assert isinstance(out, tuple) and out[-1].shape == (2, 128)
    out[-1].square().sum().backward()
    assert all(p.grad is not None for p in model.parameters())


def test_wrong_size_is_refused():
    with pytest.raises(ValueError, match='112x112, but got 96x112'):
        MobileFaceNet()(torch.zeros(1, 3, 96, 112))


def test_resize_of_other_sizes():
    """The same as images that were resized before."""
    torch.manual_seed(0)
    model = MobileFaceNet().eval()
    resizing = MobileFaceNet(resize=True).eval()
    resizing.load_state_dict(model.state_dict())
    small = torch.rand(2, 3, 64, 64, requires_grad=True)
    large = torch.nn.functional.interpolate(
        small, (112, 112), mode='bilinear', align_corners=False)
    torch.testing.assert_close(
        resizing(small)[0], model(large)[0], rtol=0, atol=1e-5)
    assert torch.equal(resizing(large)[0], model(large)[0])
    resizing(small)[0].sum().backward()
    assert small.grad.abs().sum() > 0
