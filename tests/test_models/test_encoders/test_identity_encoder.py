import copy

import pytest
import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule
from mmengine.registry import MODELS, DefaultScope
from mmengine.runner import load_state_dict

from ipdfer_mm.models.encoders import IdentityEncoder
from ipdfer_mm.models.encoders.key_match import match_keys
from ipdfer_mm.models.encoders.weights import load_face_weights
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


def build(pool=True, **kwargs):
    return MODELS.build(
        dict(
            type='ipdfer_mm.IdentityEncoder',
            backbone=dict(type='TinyFaceNet', pool=pool),
            **kwargs))


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
    pixels = (images.double() + 1) / 2 * 255
    for i, channel in enumerate((2, 1, 0)):  # B, G, R of the RGB image
        expected = (pixels[:, channel] - mean[i]) / std[i]
        torch.testing.assert_close(
            encoder.backbone.seen[:, i].double(),
            expected,
            rtol=1e-5,
            atol=1e-5)


def test_upscaling_is_plain_bilinear(images):
    encoder = build(input_size=24)
    encoder(images)
    seen = encoder.backbone.seen
    assert seen.shape == (3, 3, 24, 24)
    # Between two pixels the new ones lie at a quarter and three quarters.
    left, right = images[..., 0, :-1], images[..., 0, 1:]
    torch.testing.assert_close(seen[..., 0, 1:-1:2], .75 * left + .25 * right)
    torch.testing.assert_close(seen[..., 0, 2::2], .25 * left + .75 * right)


def test_downscaling_is_antialiased():
    encoder = build(input_size=6)
    stripes = torch.ones(1, 3, 24, 24)
    stripes[..., ::4] = -1  # a plain bilinear filter would not see these
    encoder(stripes)
    torch.testing.assert_close(
        encoder.backbone.seen[..., 1:-1],
        torch.full((1, 3, 6, 4), 0.5),
        rtol=0,
        atol=0.05)


def test_right_size_is_left_alone(images):
    encoder = build(input_size=12)
    encoder(images)
    assert torch.equal(encoder.backbone.seen, images)


def test_maps_are_pooled(images):
    encoder = build(pool=False)
    maps = encoder.backbone(images)[-1]
    assert maps.shape == (3, 4, 10, 10)
    torch.testing.assert_close(encoder(images), maps.mean(dim=(2, 3)))


def test_normalize(images):
    encoder = build(normalize=True)
    feats = encoder(images)
    torch.testing.assert_close(feats.norm(dim=1), torch.full((3, ), 2.))
    plain = encoder.backbone(images)[-1]
    torch.testing.assert_close(
        F.cosine_similarity(feats, plain), torch.ones(3))


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
    assert encoder.has_weights
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


def test_copies_keep_has_weights(file):
    encoder = build(init_cfg=dict(type='Pretrained', checkpoint=file[1]))
    encoder.init_weights()
    assert copy.deepcopy(encoder).has_weights


def test_channel_order_is_checked():
    with pytest.raises(ValueError, match='"rgb" or "bgr", but got "RGB"'):
        build(channel_order='RGB')
    assert isinstance(build(), IdentityEncoder)


SMALL = dict(
    type='mmpretrain.ResNet', depth=18, stem_channels=16, base_channels=16,
    strides=(1, 2, 2, 1))
NECK = dict(
    type='mmpretrain.LinearNeck', in_channels=128, out_channels=128,
    gap_dim=2, norm_cfg=None)
PACKAGED = 'ipdfer_mm://face_resnet18_small'


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


def tiny_neck(width):
    register_all_modules()
    return dict(NECK, in_channels=4, out_channels=width)


@pytest.mark.parametrize('normalize', [False, True])
def test_neck_makes_signed_features(images, normalize):
    encoder = build(pool=False, neck=tiny_neck(6), normalize=normalize)
    maps = encoder.backbone(images)[-1]
    expected = (maps.mean(dim=(2, 3)) @ encoder.neck.fc.weight.T
                + encoder.neck.fc.bias)
    if normalize:
        expected = expected / expected.norm(dim=1, keepdim=True) * 6**0.5
    feats = encoder(images)
    assert feats.shape == (3, 6)
    torch.testing.assert_close(feats, expected)
    assert not any(p.requires_grad for p in encoder.neck.parameters())
    assert not encoder.train().neck.training


def test_features_of_a_resnet_are_signed_with_a_neck(images):
    torch.manual_seed(0)
    plain, signed = build_small(neck=None), build_small()
    assert (plain(images) >= 0).all()
    feats = signed(images)
    assert (feats > 0).any() and (feats < 0).any()
    assert feats.shape == (3, 128)


def test_neck_reads_channels_last(images):
    """mmpretrain's LinearNeck without pooling cannot."""
    neck = dict(tiny_neck(6), in_channels=4 * 10 * 10, gap_dim=0)
    encoder = build(pool=False, neck=neck)
    expected = encoder(images)
    encoder.to(memory_format=torch.channels_last)
    torch.testing.assert_close(
        encoder(images.contiguous(memory_format=torch.channels_last)),
        expected)


def test_gradients_pass_the_neck(images):
    encoder = build(pool=False, neck=tiny_neck(6)).double()
    x = images[:1].double().requires_grad_()
    assert torch.autograd.gradcheck(encoder, x)


def test_part_that_a_file_is_loaded_into():
    encoder = build()
    assert encoder.pretrained_part is encoder.backbone
    encoder = build(pool=False, neck=tiny_neck(6))
    assert encoder.pretrained_part is encoder


def test_packaged_backbone_and_neck(packaged, images):
    encoder = build_small(checkpoint=PACKAGED)
    assert not encoder.has_weights
    encoder.init_weights()
    assert encoder.has_weights
    state = encoder.state_dict()
    for name, value in packaged.items():
        assert torch.equal(state[name], value), name
    counters = {name for name in state if 'num_batches' in name}
    assert state.keys() - counters == packaged.keys() - counters
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
    before = copy.deepcopy(encoder.state_dict())
    with pytest.raises(ValueError, match=r'does not fit IdentityEncoder: the '
                       r'file has no neck.*neck=None'):
        encoder.init_weights()
    assert not encoder.has_weights
    for name, value in encoder.state_dict().items():
        if name.startswith('neck.'):
            assert torch.equal(value, before[name])
    encoder = build_small(neck=None, checkpoint=str(path))
    encoder.init_weights()
    assert encoder.has_weights


def test_neck_of_another_width_is_refused(packaged):
    encoder = build_small(neck=dict(NECK, out_channels=64))
    with pytest.raises(ValueError, match='neck of the file has other widths'):
        load_face_weights(encoder, PACKAGED)
    assert not torch.equal(
        encoder.backbone.conv1.weight, packaged['backbone.conv1.weight'])


def test_only_a_network_with_a_neck_needs_one(packaged):
    backbone = without_neck(packaged)
    assert 'neck=None' in match_keys(build_small(), backbone).problem
    assert match_keys(build_small(), packaged).problem is None
    assert match_keys(build_small(neck=None), backbone).problem is None


@pytest.mark.parametrize('load', [load_with_torch, load_state_dict])
def test_state_dicts_bring_weights_of_backbone_and_neck(load, packaged):
    model = nn.ModuleDict(dict(identity_encoder=build_small()))

    def prefixed(state):
        return {f'identity_encoder.{k}': v for k, v in state.items()}

    load(model, prefixed(without_neck(packaged)))
    assert not model['identity_encoder'].has_weights  # a random neck
    load(model, prefixed(packaged))
    assert model['identity_encoder'].has_weights
    # They are then kept, though there is no file.
    encoder = build_small(checkpoint='absent.pth')
    encoder.load_state_dict(model['identity_encoder'].state_dict())
    encoder.init_weights()
    assert torch.equal(encoder.neck.fc.weight, packaged['neck.fc.weight'])
