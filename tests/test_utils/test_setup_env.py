"""Registering everything, and the default scope."""

import os
from argparse import Namespace

import pytest
from helpers.tiny_run import run
from mmengine.runner import CheckpointLoader

from ipdfer_mm.utils.cli import prepare_environment

CODE = '''
import sys

from mmengine.registry import HOOKS, DefaultScope
from ipdfer_mm.registry import MODELS
from ipdfer_mm.utils import register_all_modules


def scope():
    current = DefaultScope.get_current_instance()
    return current and current.scope_name


register_all_modules(init_default_scope=False)
assert scope() is None
assert 'IPDFERModel' in MODELS.module_dict
register_all_modules()
assert scope() == 'ipdfer_mm'
# What takes long and few programs need.
assert not {'scipy', 'sklearn', 'torchmetrics', 'ipdfer_mm.analysis'} & set(
    sys.modules)
assert HOOKS.build(dict(type='EpochSeedHook'))
DefaultScope.get_instance('other', scope_name='mmpretrain')
register_all_modules()
register_all_modules()
assert scope() == 'ipdfer_mm'
'''


def test_register_all_modules(tmp_path):
    run('python', '-c', CODE, cwd=tmp_path)


@pytest.mark.parametrize('given, expected', [(None, '3'), ('1', '1')])
def test_local_rank(monkeypatch, given, expected):
    """The launcher's flag; torchrun's variable wins."""
    # Put back after the test, whatever it does to them.
    monkeypatch.setattr(CheckpointLoader, '_schemes',
                        CheckpointLoader._schemes.copy())
    monkeypatch.setenv('LOCAL_RANK', given or '')
    if given is None:
        monkeypatch.delenv('LOCAL_RANK')
    prepare_environment(
        Namespace(local_rank=3, trust_checkpoint=False, launcher='none'))
    assert os.environ['LOCAL_RANK'] == expected
