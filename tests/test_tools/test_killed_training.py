"""Training is killed at random moments; nothing is lost or half-written."""

import re
import shutil
from pathlib import Path

import pytest
from kill_often import LOG, KilledCommand, kill_often
from tiny_run import (
    ROOT,
    assert_equal,
    comparable,
    ipdfer_cfg,
    load,
    write_config,
)

from ipdfer_mm.utils.checkpoint_files import find_damage

LINE = re.compile(r'Epoch\(\w+\)\s+(?:\[\d+\])?\[\d+/\d+\]|Saving checkpoint '
                  r'at \d+ epochs|best checkpoint .* is saved|resumed epoch: '
                  r'\d+')


def check_whole(work_dir: Path) -> None:
    """All checkpoints can be read."""
    for path in work_dir.rglob('*.pth'):
        assert find_damage(path) is None, path
        load(path)


def results(work_dir: Path) -> dict:
    """All that a training leaves, by name."""
    return {path.name: comparable(path) for path in work_dir.glob('*.pth')}


def prove(folder: Path, rafdb: Path, weights: Path, epochs: int,
          kills: int) -> None:
    """A training that is killed ends as an undisturbed one does."""
    config = write_config(
        folder / 'tiny.py', rafdb, ipdfer_cfg(weights),
        train_cfg=dict(max_epochs=epochs))

    def progress() -> str:
        found = LINE.findall((folder / LOG).read_text())
        return found[-1] if found else 'nothing'

    undisturbed, killed = (
        KilledCommand(
            ['python', ROOT / 'tools/train.py', config, '--resume',
             '--work-dir', folder / name, '--cfg-options',
             'train_dataloader.num_workers=1',
             'train_dataloader.batch_size=4'], folder, progress)
        for name in ('undisturbed', 'killed'))
    undisturbed.finish()
    expected = results(folder / 'undisturbed')
    assert {f'epoch_{epochs}.pth', f'epoch_{epochs - 1}.pth'} < set(expected)

    def finished() -> None:
        assert_equal(results(folder / 'killed'), expected)
        # What a killed process has left is cleaned up.
        assert not list((folder / 'killed').glob('.*.partial'))
        shutil.rmtree(folder / 'killed')

    kill_often(killed, undisturbed, kills,
               lambda: check_whole(folder / 'killed'), finished)


def test_two_kills(tmp_path, rafdb, face_weights):
    prove(tmp_path, rafdb, face_weights, epochs=3, kills=2)


@pytest.mark.slow
def test_twenty_kills(tmp_path, rafdb, face_weights):
    prove(tmp_path, rafdb, face_weights, epochs=40, kills=20)
