import pytest
import torch
import torch.nn as nn
from mmengine.model import PretrainedInit
from mmengine.registry import MODELS, DefaultScope
from mmengine.registry import WEIGHT_INITIALIZERS as ROOT
from mmpretrain.models import ResNet

from ipdfer_mm.models.encoders import FacePretrainedInit


def test_pretrained_is_ours_in_our_scope_only():
    cfg = dict(type='Pretrained', checkpoint='x')
    with DefaultScope.overwrite_default_scope('ipdfer_mm'):
        assert type(ROOT.build(cfg)) is FacePretrainedInit
    for scope in ('mmpretrain', 'mmengine'):
        with DefaultScope.overwrite_default_scope(scope):
            assert type(ROOT.build(cfg)) is PretrainedInit


def classifier(path, prefix=None):
    init_cfg = dict(type='Pretrained', checkpoint=path, prefix=prefix)
    return MODELS.build(dict(
        type='mmpretrain.ImageClassifier', _scope_='mmpretrain',
        backbone=dict(type='ResNet', depth=18, init_cfg=init_cfg)))


@pytest.mark.parametrize('prefix', [None, 'backbone'])
def test_plain_classifier_gets_the_checks(tmp_path, prefix):
    state = {
        name: torch.rand_like(value)
        for name, value in ResNet(18).state_dict().items()
        if value.is_floating_point()}
    path = str(tmp_path / 'file.pth')
    with DefaultScope.overwrite_default_scope('ipdfer_mm'):
        torch.save({f'backbone.{k}': v for k, v in state.items()}, path)
        model = classifier(path, prefix)
        model.init_weights()
        for name, value in state.items():
            assert torch.equal(model.backbone.state_dict()[name], value)
        torch.save(nn.Linear(2, 2).state_dict(), path)
        with pytest.raises(ValueError, match='does not fit ResNet'):
            classifier(path, prefix).init_weights()


def test_without_our_scope_mmengine_loads_as_ever(tmp_path):
    path = str(tmp_path / 'file.pth')
    torch.save(nn.Linear(2, 2).state_dict(), path)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        classifier(path).init_weights()  # warns, and loads nothing
