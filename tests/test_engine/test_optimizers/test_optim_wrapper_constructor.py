"""One optimizer for each step of Algorithm 1."""

import copy
import sys
from collections.abc import Callable

import pytest
import torch
from helpers.small_model import build_model
from helpers.tiny_run import ROOT
from mmengine.config import Config
from mmengine.optim import OptimWrapperDict, build_optim_wrapper

from ipdfer_mm.engine import AlternatingOptimWrapperConstructor
from ipdfer_mm.utils import register_all_modules

SCHEDULE = Config.fromfile(ROOT / 'configs/_base_/schedules/ipdfer.py')


@pytest.fixture
def cfg() -> dict:
    """The shipped schedule."""
    cfg = copy.deepcopy(SCHEDULE.optim_wrapper)
    del cfg['constructor']
    return cfg


@pytest.fixture(scope='module')
def model():
    return build_model()


def parameters(wrapper) -> list:
    groups = wrapper.optimizer.param_groups
    return [p for group in groups for p in group['params']]


def test_steps_train_what_the_paper_trains(model):
    register_all_modules()
    wrappers = build_optim_wrapper(model, copy.deepcopy(
        SCHEDULE.optim_wrapper))
    assert isinstance(wrappers, OptimWrapperDict)
    for step, names in dict(
            encoders=('pose_encoder', 'pose_head', 'expression_encoder',
                      'expression_head'),
            discriminator=('discriminator', ),
            generator=('pose_encoder', 'expression_encoder',
                       'decoder')).items():
        assert [id(p) for p in parameters(wrappers[step])] == [
            id(p) for name in names for p in getattr(model, name).parameters()]
        assert wrappers[step].optimizer.defaults['lr'] == 1e-4


@pytest.mark.parametrize('setting, message', [
    (dict(accumulative_counts=4), 'discriminator.accumulative_counts must be'),
    (dict(modules=['discriminator']), 'Remove optim_wrapper.discriminator.m'),
    (dict(paramwise_cfg=dict(bias_lr_mult=2)), 'discriminator.paramwise_cfg'),
])
def test_settings_that_steps_do_not_have(cfg, setting, message):
    cfg['discriminator']['accumulative_counts'] = 1
    AlternatingOptimWrapperConstructor(cfg)
    cfg['discriminator'].update(setting)
    with pytest.raises(ValueError, match=message):
        AlternatingOptimWrapperConstructor(cfg)


def test_settings_of_an_ordinary_constructor(cfg):
    with pytest.raises(ValueError, match='optim_wrapper.optimizer needs'):
        AlternatingOptimWrapperConstructor(
            dict(optimizer=dict(type='Adam', lr=1e-4)))
    with pytest.raises(ValueError, match='paramwise_cfg is not supported'):
        AlternatingOptimWrapperConstructor(cfg, dict(bias_lr_mult=2))


def test_steps_of_config_and_model_differ(cfg, model):
    with pytest.raises(ValueError, match='Linear does not say.*trained_by'):
        AlternatingOptimWrapperConstructor(cfg)(torch.nn.Linear(1, 1))
    del cfg['generator']
    with pytest.raises(ValueError, match="but optim_wrapper has .'encoders'"):
        AlternatingOptimWrapperConstructor(cfg)(model)
    cfg['genertor'] = cfg['generator'] = cfg['encoders']
    with pytest.raises(ValueError, match='steps of IPDFERModel.*genertor'):
        AlternatingOptimWrapperConstructor(cfg)(model)


@pytest.fixture
def without_mmagic(monkeypatch) -> Callable:
    """Make the import of mmagic fail from now on."""
    pytest.importorskip('mmagic.engine.optimizers',
                        reason='the forks have no mmagic to compare with')

    class Finder:

        @staticmethod
        def find_spec(name, path=None, target=None):
            if name == 'mmagic.engine.optimizers':
                raise ModuleNotFoundError(name='mmagic')

    def block() -> None:
        monkeypatch.delitem(sys.modules, 'mmagic.engine.optimizers')
        monkeypatch.setattr(sys, 'meta_path', [Finder, *sys.meta_path])
        with pytest.raises(ModuleNotFoundError):
            import mmagic.engine.optimizers  # noqa: F401

    return block


@pytest.mark.parametrize('model_cfg', [
    dict(),
    dict(pose_encoder=None, pose_head=None),
    dict(discriminator=None),
    dict(type='ipdfer_mm.SharedAdamIPDFER'),
], ids=str)
@pytest.mark.parametrize('settings', [
    dict(),
    dict(type='Bfloat16OptimWrapper', clip_grad=dict(max_norm=1.)),
], ids=str)
def test_without_mmagic_the_same_is_built(model_cfg, settings, cfg,
                                          without_mmagic):
    model = build_model(**model_cfg)
    for step in cfg.values():
        step.update(settings)
    cfg['generator']['optimizer'].update(lr=2e-4, betas=(0.5, 0.999))
    before = copy.deepcopy(cfg)
    with_mmagic = AlternatingOptimWrapperConstructor(cfg)(model)
    assert cfg == before  # left as it was
    without_mmagic()
    without = AlternatingOptimWrapperConstructor(cfg)(model)
    assert list(without.keys()) == list(with_mmagic.keys())
    trained = [step for step, names in model.trained_by_step.items() if names]
    assert list(without.keys()) == trained
    for step, ours in without.items():
        theirs = with_mmagic[step]
        assert type(ours) is type(theirs)
        assert type(ours.optimizer) is type(theirs.optimizer)
        assert ours.clip_grad_kwargs == theirs.clip_grad_kwargs
        assert ours.param_groups == theirs.param_groups
        assert all(a is b for a, b in zip(parameters(ours),
                                          parameters(theirs), strict=True))
