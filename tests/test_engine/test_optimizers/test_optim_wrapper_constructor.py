"""One optimizer for each step of Algorithm 1."""

import copy
import sys

import pytest
from mmengine.config import Config
from mmengine.optim import OptimWrapperDict, build_optim_wrapper
from small_model import build_model
from tiny_run import ROOT

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


def test_steps_train_what_the_paper_trains(cfg, model):
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
        expected = [
            id(p) for name in names for p in getattr(model, name).parameters()
        ]
        assert [id(p) for p in parameters(wrappers[step])] == expected
        assert wrappers[step].optimizer.defaults['lr'] == 1e-4
    # A child of two steps has a state in each.
    assert wrappers['encoders'].optimizer is not wrappers[
        'generator'].optimizer


def test_config_is_left_as_it_was(cfg, model):
    before = copy.deepcopy(cfg)
    AlternatingOptimWrapperConstructor(cfg)(model)
    assert cfg == before


def test_step_without_modules(cfg):
    del cfg['generator']['modules']
    with pytest.raises(ValueError, match='optim_wrapper.generator needs'):
        AlternatingOptimWrapperConstructor(cfg)


def test_one_wrapper_in_place_of_three():
    with pytest.raises(ValueError, match='optim_wrapper.optimizer needs'):
        AlternatingOptimWrapperConstructor(
            dict(optimizer=dict(type='Adam', lr=1e-4)))


def test_accumulation(cfg):
    cfg['discriminator']['accumulative_counts'] = 1
    AlternatingOptimWrapperConstructor(cfg)
    cfg['discriminator']['accumulative_counts'] = 4
    with pytest.raises(
            ValueError,
            match='optim_wrapper.discriminator.accumulative_counts must be 1'):
        AlternatingOptimWrapperConstructor(cfg)


def test_absent_child(cfg):
    model = build_model(
        pose_encoder=None,
        pose_head=None,
        loss_pose=None,
        loss_confusion=None)
    with pytest.raises(ValueError) as info:
        AlternatingOptimWrapperConstructor(cfg)(model)
    assert ("optim_wrapper.encoders.modules names ['pose_encoder', "
            "'pose_head']") in str(info.value)
    assert 'expression_encoder' in str(info.value)


@pytest.mark.parametrize('missing, command', [
    ('mmagic', 'pip install --no-deps "mmagic==1.2.0"'),
    ('click', 'pip install click'),
])
def test_missing_package(cfg, monkeypatch, missing, command):
    """mmagic itself, or what it imports and pip did not install with it."""

    class Finder:

        @staticmethod
        def find_spec(name, path=None, target=None):
            if name == 'mmagic.engine.optimizers':
                raise ModuleNotFoundError(name=missing)

    AlternatingOptimWrapperConstructor(cfg)
    monkeypatch.delitem(sys.modules, 'mmagic.engine.optimizers')
    monkeypatch.setattr(sys, 'meta_path', [Finder, *sys.meta_path])
    with pytest.raises(ImportError) as info:
        AlternatingOptimWrapperConstructor(cfg)
    assert f'{missing} is missing' in str(info.value)
    assert str(info.value).endswith(command)
