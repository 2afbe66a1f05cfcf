"""Registering everything, and the default scope."""

import os
import subprocess
import sys
from argparse import Namespace

import pytest
from mmengine.runner import CheckpointLoader

from ipdfer_mm.utils.cli import prepare_environment

CODE = '''
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
assert HOOKS.build(dict(type='EpochSeedHook'))
DefaultScope.get_instance('other', scope_name='mmpretrain')
register_all_modules()
register_all_modules()
assert scope() == 'ipdfer_mm'
'''


def test_register_all_modules():
    done = subprocess.run([sys.executable, '-W', 'ignore', '-c', CODE],
                          capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr


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
