import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from small_model import CLASSES, build_model, head, model_cfg, resnet

from ipdfer_mm.analysis.loading import load_trained_model
from ipdfer_mm.registry import MODELS
from ipdfer_mm.utils import register_all_modules

RULE = 'a quarter'


def test_another_fold_is_refused(tmp_path):
    path = tmp_path / 'model.pth'
    torch.save(
        dict(state_dict=build_model().state_dict(),
             meta=dict(dataset_meta=dict(
                 classes=CLASSES, fold=3, fold_rule=RULE))), path)
    cfg = Config(dict(model=model_cfg()))
    ours = dict(classes=CLASSES, fold_rule=RULE)
    assert not load_trained_model(cfg, str(path), dict(ours, fold=3)).training
    assert load_trained_model(cfg, str(path), dict(classes=CLASSES))
    with pytest.raises(ValueError, match='one of fold 3, but .* of fold 1'):
        load_trained_model(cfg, str(path), dict(ours, fold=1))
    with pytest.raises(ValueError, match='trained on the classes'):
        load_trained_model(cfg, str(path), dict(classes=CLASSES[::-1]))


def test_the_scope_is_that_of_the_config(tmp_path):
    """A judge may be one of mmpretrain, whose names have no scope."""
    register_all_modules()
    cfg = Config(dict(
        default_scope='mmpretrain',
        data_preprocessor=dict(mean=[1.] * 3, std=[2.] * 3),
        model=dict(
            type='ImageClassifier',
            backbone={**resnet(), 'type': 'ResNet'},
            neck=dict(type='GlobalAveragePooling'),
            head={**head(4), '_scope_': 'mmpretrain'})))
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        model = MODELS.build(cfg.copy().model)
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'model.pth')
    with DefaultScope.overwrite_default_scope('ipdfer_mm'):
        loaded = load_trained_model(cfg, str(tmp_path / 'model.pth'))
    assert loaded.data_preprocessor.mean.flatten().tolist() == [1, 1, 1]
