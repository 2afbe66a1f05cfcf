import copy

import pytest
import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule
from mmengine.registry import MODELS, DefaultScope
from mmengine.runner import load_state_dict

from ipdfer_mm.models.encoders import IdentityEncoder
from ipdfer_mm.models.encoders.weights import load_face_weights
from ipdfer_mm.models.utils import resize_square
from ipdfer_mm.utils import register_all_modules
from ipdfer_mm.utils.weight_files import FOLDER, load_weights, save_weights


@MODELS.register_module(force=True)
class TinyFaceNet(BaseModule):
    """Shows its input; gives (N, 4, h, w) with ``pool=False``."""

    def __init__(self, pool=True, init_cfg=None):
        super().__init__(init_cfg)
        self.pool = pool
        self.conv = nn.Conv2d(3, 4, 3)
        self.bn = nn.BatchNorm2d(4)

    def init_weights(self):
        super().init_weights()
        nn.init.zeros_(self.conv.weight)  # as mmpretrain's ResNet does

    def forward(self, x):
        self.seen = x
        x = self.bn(self.conv(x))
        return ('earlier stage', x.mean(dim=(2, 3)) if self.pool else x)


SMALL = dict(type='mmpretrain.ResNet', depth=18, stem_channels=16,
             base_channels=16, strides=(1, 2, 2, 1))
NECK = dict(type='mmpretrain.LinearNeck', in_channels=128, out_channels=128,
            gap_dim=2, norm_cfg=None)
PACKAGED = 'ipdfer_mm://face_resnet18_small'
TINY_NECK = dict(NECK, in_channels=4, out_channels=6)


def build(pool=True, **kwargs):
    register_all_modules()
    return MODELS.build(dict(
        type='ipdfer_mm.IdentityEncoder',
        backbone=dict(type='TinyFaceNet', pool=pool), **kwargs))


@pytest.fixture
def images():
    torch.manual_seed(0)
    return torch.rand(3, 3, 12, 12) * 2 - 1


@pytest.fixture
def file(tmp_path):
    state = TinyFaceNet().state_dict()
    path = tmp_path / 'tiny.pth'
    torch.save(state, path)
    return state, str(path)


def test_default_preprocessing_is_the_identity(images):
    encoder = build()
    feats = encoder(images)
    assert torch.equal(encoder.backbone.seen, images)
    assert torch.equal(feats, encoder.backbone(images)[-1])


def test_pixels_are_standardized_in_the_order_of_the_network(images):
    mean, std = (104., 117., 123.), (1., 2., 128.)
    encoder = build(mean=mean, std=std, channel_order='bgr')
    encoder(images)
    pixels = (images.flip(1) + 1) / 2 * 255  # B, G, R
    expected = (pixels - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(
        std).view(3, 1, 1)
    torch.testing.assert_close(
        encoder.backbone.seen, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize('size', [6, 24])
def test_images_are_resized(images, size):
    encoder = build(input_size=size)
    encoder(images)
    assert torch.equal(encoder.backbone.seen, resize_square(images, size))


def test_maps_are_pooled(images):
    encoder = build(pool=False)
    maps = encoder.backbone(images)[-1]
    assert maps.shape == (3, 4, 10, 10)
    torch.testing.assert_close(encoder(images), maps.mean(dim=(2, 3)))


def test_normalize(images):
    encoder = build(normalize=True)
    plain = encoder.backbone(images)[-1]
    torch.testing.assert_close(
        encoder(images), 2 * F.normalize(plain))  # of 4 = 2 x 2 dimensions


def test_it_is_frozen(images):
    encoder = build()
    assert not any(p.requires_grad for p in encoder.parameters())
    model = nn.Sequential(encoder, nn.Linear(4, 2))
    before = copy.deepcopy(encoder.state_dict())
    assert model.train() is model and model.training
    assert encoder.train() is encoder
    assert not any(module.training for module in encoder.modules())
    model(images).sum().backward()
    for name, value in encoder.state_dict().items():
        assert torch.equal(value, before[name])


@pytest.mark.parametrize('kwargs', [
    dict(),
    dict(input_size=20),
    dict(input_size=7, channel_order='bgr', normalize=True, std=(3., ) * 3),
    dict(pool=False, neck=TINY_NECK),
])
def test_gradients_reach_the_images(images, kwargs):
    encoder = build(**kwargs).double()
    x = images[:1].double().requires_grad_()
    assert torch.autograd.gradcheck(encoder, x)
    encoder(x).sum().backward()
    assert (x.grad != 0).any()


def test_statistics_move_with_the_module_but_are_not_saved():
    encoder = build()
    assert all(name.startswith('backbone.') for name in encoder.state_dict())
    encoder.to('meta')
    assert encoder.mean.device.type == 'meta' == encoder.std.device.type


@pytest.mark.parametrize('scope', ['ipdfer_mm', 'mmpretrain', 'mmengine'])
def test_init_weights_loads(file, scope):
    state, path = file
    encoder = build(init_cfg=dict(type='Pretrained', checkpoint=path))
    assert not encoder.has_weights
    with DefaultScope.overwrite_default_scope(scope):
        encoder.init_weights()
    assert encoder.has_weights and copy.deepcopy(encoder).has_weights
    for name, value in encoder.backbone.state_dict().items():
        assert torch.equal(value, state[name])
    assert not any(p.requires_grad for p in encoder.parameters())


def test_random_weights_do_not_count(tmp_path):
    encoder = build()
    encoder.init_weights()
    assert not encoder.has_weights

    encoder = build(
        init_cfg=dict(type='Pretrained', checkpoint=str(tmp_path / 'no.pth')))
    with pytest.raises(FileNotFoundError, match='no.pth'):
        encoder.init_weights()
    assert not encoder.has_weights


def load_with_torch(model, state):
    model.load_state_dict(state, strict=False)


@pytest.mark.parametrize('load', [load_with_torch, load_state_dict])
def test_state_dicts_bring_weights(load):
    model = nn.ModuleDict(dict(identity_encoder=build(), head=nn.Linear(4, 2)))
    state = copy.deepcopy(model.state_dict())
    encoder = model['identity_encoder']

    load(model, {k: v for k, v in state.items() if k.startswith('head')})
    assert not encoder.has_weights
    one = 'identity_encoder.backbone.conv.bias'
    load(model, {one: state[one], 'identity_encoder.backbone.x': state[one]})
    assert not encoder.has_weights  # those of another network
    load(model, state)
    assert encoder.has_weights

    alone = build()
    load(alone, encoder.state_dict())
    assert alone.has_weights


def test_weights_of_a_state_dict_are_kept(file):
    """They come before nothing: not a file, not other initialization."""
    state, _ = file
    encoder = build(init_cfg=dict(type='Pretrained', checkpoint='absent.pth'))
    encoder.backbone.load_state_dict(state)
    encoder.load_state_dict(encoder.state_dict())
    encoder.init_weights()
    assert encoder.has_weights
    assert torch.equal(encoder.backbone.conv.weight, state['conv.weight'])


def test_channel_order_is_checked():
    with pytest.raises(ValueError, match='"rgb" or "bgr", but got "RGB"'):
        build(channel_order='RGB')


def build_small(neck=NECK, checkpoint=None, **kwargs):
    """The network of ``PACKAGED``."""
    register_all_modules()
    if checkpoint is not None:
        kwargs['init_cfg'] = dict(type='Pretrained', checkpoint=checkpoint)
    return IdentityEncoder(backbone=SMALL, neck=neck, **kwargs)


@pytest.fixture
def packaged():
    """State dict of the packaged file."""
    return load_weights(FOLDER / 'face_resnet18_small.safetensors')[
        'state_dict']


@pytest.mark.parametrize('normalize', [False, True])
def test_neck_makes_signed_features(images, normalize):
    encoder = build(pool=False, neck=TINY_NECK, normalize=normalize)
    pooled = encoder.backbone(images)[-1].mean(dim=(2, 3))
    expected = pooled @ encoder.neck.fc.weight.T + encoder.neck.fc.bias
    if normalize:
        expected = F.normalize(expected) * 6**0.5
    torch.testing.assert_close(encoder(images), expected)
    assert not any(p.requires_grad for p in encoder.neck.parameters())
    assert not encoder.train().neck.training


def test_neck_reads_channels_last(images):
    """mmpretrain's LinearNeck without pooling cannot."""
    neck = dict(TINY_NECK, in_channels=4 * 10 * 10, gap_dim=0)
    encoder = build(pool=False, neck=neck)
    expected = encoder(images)
    encoder.to(memory_format=torch.channels_last)
    torch.testing.assert_close(
        encoder(images.contiguous(memory_format=torch.channels_last)),
        expected)


def test_packaged_backbone_and_neck(packaged, images):
    encoder = build_small(checkpoint=PACKAGED)
    encoder.init_weights()
    assert encoder.has_weights
    state = {name: value for name, value in encoder.state_dict().items()
             if 'num_batches' not in name}
    assert state.keys() == {n for n in packaged if 'num_batches' not in n}
    for name, value in state.items():
        assert torch.equal(value, packaged[name]), name
    pooled = encoder.backbone(images)[-1].mean(dim=(2, 3))
    torch.testing.assert_close(
        encoder(images), pooled @ packaged['neck.fc.weight'].T
        + packaged['neck.fc.bias'])


@pytest.mark.parametrize('ending', ['safetensors', 'pth'])
def test_files_with_backbone_and_neck(packaged, tmp_path, ending):
    path = tmp_path / f'network.{ending}'
    # As of a classifier in a wrapper, with other parts.
    state = {f'module.{name}': value for name, value in packaged.items()}
    state['module.head.fc.weight'] = torch.zeros(5, 128)
    if ending == 'pth':
        torch.save(dict(state_dict=state), path)
    else:
        save_weights(path, state, {})
    encoder = build_small(checkpoint=str(path))
    encoder.init_weights()
    assert encoder.has_weights
    assert torch.equal(encoder.neck.fc.weight, packaged['neck.fc.weight'])
    assert torch.equal(
        encoder.backbone.conv1.weight, packaged['backbone.conv1.weight'])


def without_neck(state):
    return {name: value for name, value in state.items()
            if not name.startswith('neck.')}


def test_file_without_a_neck_is_refused(packaged, tmp_path):
    """All but two of over a hundred keys match, but those make a feature."""
    path = tmp_path / 'network.safetensors'
    save_weights(path, without_neck(packaged), {})
    encoder = build_small(checkpoint=str(path))
    with pytest.raises(ValueError, match=r'does not fit IdentityEncoder: the '
                       r'file has no neck.*neck=None'):
        encoder.init_weights()
    assert not encoder.has_weights
    encoder = build_small(neck=None, checkpoint=str(path))
    encoder.init_weights()
    assert encoder.has_weights


def test_neck_of_another_width_is_refused(packaged):
    encoder = build_small(neck=dict(NECK, out_channels=64))
    with pytest.raises(ValueError, match='neck of the file has other widths'):
        load_face_weights(encoder, PACKAGED)
    assert not torch.equal(
        encoder.backbone.conv1.weight, packaged['backbone.conv1.weight'])


def test_state_dicts_bring_weights_of_backbone_and_neck(packaged):
    encoder = build_small(checkpoint='absent.pth')
    encoder.load_state_dict(without_neck(packaged), strict=False)
    assert not encoder.has_weights  # a random neck
    encoder.load_state_dict(packaged, strict=False)
    assert encoder.has_weights
    encoder.init_weights()  # they are kept, though there is no file
    assert torch.equal(encoder.neck.fc.weight, packaged['neck.fc.weight'])
