import pytest
import torch
import torch.nn as nn
from mmengine.model import BaseModule
from mmengine.registry import MODELS, DefaultScope
from mmpretrain.models import ResNet

RESNET = dict(type='mmpretrain.ResNet', depth=18)
SMALL_IRESNET = dict(
    type='ipdfer_mm.IResNet', depth=18, out_channels=16, img_size=32)
LINEAR = dict(type='mmpretrain.LinearNeck', in_channels=512, out_channels=24,
              gap_dim=2, norm_cfg=None)


def build(**kwargs):
    return MODELS.build(dict(type='ipdfer_mm.FaceEncoder', **kwargs))


@pytest.fixture
def file(tmp_path):
    """A ResNet-18 as published for face recognition, and its path."""
    torch.manual_seed(1)
    state = ResNet(18).state_dict()
    for value in state.values():
        if value.is_floating_point():
            value.uniform_(0.1, 0.9)
    state['fc.weight'] = torch.zeros(10, 512)
    path = tmp_path / 'resnet18.pth'
    torch.save(state, path)
    return state, str(path)


@pytest.mark.parametrize('kwargs', [{}, dict(out_indices=(2, 3))])
def test_pooled_last_stage(kwargs):
    encoder = build(backbone=dict(**RESNET, **kwargs)).eval()
    x = torch.rand(2, 3, 64, 64)
    maps = encoder.backbone(x)[-1]
    assert maps.shape == (2, 512, 2, 2)
    torch.testing.assert_close(encoder(x), maps.mean(dim=(2, 3)))


def test_linear_neck():
    encoder = build(backbone=RESNET, neck=LINEAR)
    x = torch.rand(2, 3, 64, 64)
    pooled = encoder.backbone(x)[-1].mean(dim=(2, 3))
    fc = encoder.neck.fc
    feats = encoder(x)
    torch.testing.assert_close(feats, pooled @ fc.weight.T + fc.bias)
    feats.square().sum().backward()
    assert all(p.grad is not None for p in encoder.parameters())


def test_backbone_that_gives_features_itself():
    encoder = build(backbone=SMALL_IRESNET, neck=None).eval()
    x = torch.rand(2, 3, 32, 32)
    assert torch.equal(encoder(x), encoder.backbone(x)[-1])


def test_names_are_those_of_mmpretrains_classifier():
    classifier = MODELS.build(dict(
        type='mmpretrain.ImageClassifier', _scope_='mmpretrain',
        backbone=RESNET, neck=LINEAR))
    encoder = build(backbone=RESNET, neck=LINEAR)
    assert set(encoder.state_dict()) == set(classifier.state_dict())


def test_errors_teach():
    x = torch.rand(1, 3, 32, 32)
    with pytest.raises(ValueError, match='nothing to pool. Set neck=None'):
        build(backbone=SMALL_IRESNET).eval()(x)
    with pytest.raises(ValueError, match=r'shape \(1, 512, 1, 1\).*Pool it'):
        build(backbone=RESNET, neck=None).eval()(x)


@pytest.mark.parametrize('scope', ['ipdfer_mm', 'mmpretrain', 'mmengine'])
@pytest.mark.parametrize('type_', ['Pretrained', 'ipdfer_mm.Pretrained'])
@pytest.mark.parametrize('place', ['encoder', 'backbone', 'list'])
def test_pretrained_loads_into_the_backbone(file, scope, type_, place):
    """Wherever it stands, it wins over mmpretrain's initialization."""
    state, path = file
    init_cfg = dict(type=type_, checkpoint=path)
    kwargs = dict(
        encoder=dict(backbone=RESNET, init_cfg=init_cfg),
        backbone=dict(backbone=dict(**RESNET, init_cfg=init_cfg)),
        list=dict(backbone=dict(**RESNET, init_cfg=[
            dict(type='Kaiming', layer=['Conv2d']), init_cfg])))[place]
    with DefaultScope.overwrite_default_scope(scope):
        encoder = build(neck=LINEAR, **kwargs)
        before = encoder.neck.fc.weight.clone()
        assert not torch.equal(encoder.backbone.conv1.weight,
                               state['conv1.weight'])
        encoder.init_weights()
        assert DefaultScope.get_current_instance().scope_name == scope
    for name, value in encoder.backbone.state_dict().items():
        assert torch.equal(value, state[name]), name
    assert torch.equal(encoder.neck.fc.weight, before)


def test_the_encoder_s_file_replaces_the_backbone_s(file):
    state, path = file
    backbone = dict(
        **RESNET, init_cfg=dict(type='Pretrained', checkpoint='absent.pth'))
    encoder = build(
        backbone=backbone, init_cfg=dict(type='Pretrained', checkpoint=path))
    encoder.init_weights()
    assert torch.equal(encoder.backbone.conv1.weight, state['conv1.weight'])


def test_file_of_another_network_is_refused(file):
    encoder = build(
        backbone=dict(type='mmpretrain.ResNet', depth=50),
        init_cfg=dict(type='Pretrained', checkpoint=file[1]))
    with pytest.raises(ValueError, match='does not fit ResNet'):
        encoder.init_weights()


def test_other_init_cfg_reaches_the_backbone():
    encoder = build(backbone=SMALL_IRESNET, neck=None, init_cfg=dict(
        type='Constant', layer='Linear', val=3., bias=4.))
    encoder.init_weights()
    assert (encoder.backbone.fc.weight == 3).all()
    assert (encoder.backbone.fc.bias == 4).all()


def test_inside_a_model(file):
    """MMEngine's record of where parameters come from stays right."""
    state, path = file

    class Model(BaseModule):

        def __init__(self):
            super().__init__()
            self.encoder = build(
                backbone=RESNET,
                init_cfg=dict(type='Pretrained', checkpoint=path))
            self.other = nn.Linear(2, 2)

        def _dump_init_info(self):
            self.info = {
                name: self._params_init_info[parameter]['init_info']
                for name, parameter in self.named_parameters()}

    model = Model()
    model.init_weights()
    assert torch.equal(model.encoder.backbone.conv1.weight,
                       state['conv1.weight'])
    assert path in model.info['encoder.backbone.conv1.weight']
    assert 'same before and after' in model.info['other.weight']
