"""The examples of docs/use_our_parts.md, as they stand there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import mmpretrain
import pytest
import torch
from mmpretrain.models import ResNet
from tiny_run import ITERATIONS, ROOT, make_rafdb

MMPRETRAIN_TOOL = Path(mmpretrain.__file__).parent / '.mim/tools/train.py'
BLOCKS = re.findall(r'```python\n(.*?)```',
                    (ROOT / 'docs/use_our_parts.md').read_text(), re.DOTALL)


@pytest.fixture
def folder(tmp_path) -> Path:
    """Data and weights where the examples expect them."""
    root = make_rafdb(tmp_path / 'data/rafdb')
    (root / 'prepared').mkdir()
    (root / 'manifest.csv').rename(root / 'prepared/manifest.csv')
    (tmp_path / 'weights').mkdir()
    torch.save(ResNet(18).state_dict(), tmp_path / 'weights/resnet18_face.pth')
    return tmp_path


def train(tool: Path, example: str, folder: Path, *options: str) -> str:
    """Train an example for one epoch, in small batches."""
    name, rest = example.split('\n', 1)
    config = folder / name.removeprefix('# ')
    config.write_text(rest)
    result = subprocess.run(
        [sys.executable, tool, config, '--cfg-options',
         'train_cfg.max_epochs=1', 'train_dataloader.batch_size=8',
         'train_dataloader.num_workers=0',
         'train_dataloader.persistent_workers=False',
         'default_hooks.logger.type=LoggerHook',
         'default_hooks.logger.interval=1', *options],
        cwd=folder,
        env=dict(os.environ, OMP_NUM_THREADS='1'),
        capture_output=True,
        text=True)
    assert result.returncode == 0, result.stderr[-3000:]
    log = result.stdout + result.stderr
    assert f'[{ITERATIONS}/{ITERATIONS}]' in log
    return log


def test_classifier_of_mmpretrain(folder):
    log = train(MMPRETRAIN_TOOL, BLOCKS[0], folder,
                'val_dataloader.num_workers=0',
                'val_dataloader.persistent_workers=False')
    assert re.search(r'accuracy/top1: \d', log)
    assert re.search(r'accuracy/yaw_0_10: \d', log)
    assert re.search(r'calibration/ece: \d', log)


def test_ipdfer_under_another_scope(folder):
    """mmagic's own needs its full stack; no other knows our names either."""
    example = BLOCKS[1].replace("default_scope = 'mmagic'",
                                "default_scope = 'mmengine'")
    assert example != BLOCKS[1]
    log = train(ROOT / 'tools/train.py', example, folder)
    assert re.search(r'loss_generator: \d', log)


def test_losses_in_a_plain_loop(capsys):
    exec(compile(BLOCKS[2], 'use_our_parts.md', 'exec'), {})
    cosine = float(capsys.readouterr().out.split('=')[1])
    # Random features of eight dimensions: E|cos| is about 0.3.
    assert cosine < 0.15
