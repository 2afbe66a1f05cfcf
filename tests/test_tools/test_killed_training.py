"""Training is killed at random moments and ends as if it were not."""

import shutil
from pathlib import Path

import pytest
from helpers.kill_often import (
    LOG,
    KilledCommand,
    check_checkpoints,
    kill_often,
    last_step,
    read_checkpoints,
)
from helpers.tiny_run import ROOT, assert_equal, ipdfer_cfg, write_config


def prove(folder: Path, rafdb: Path, weights: Path, epochs: int,
          kills: int) -> None:
    """Kill a training, compare it with an undisturbed one."""
    config = write_config(
        folder / 'tiny.py', rafdb, ipdfer_cfg(weights),
        train_cfg=dict(max_epochs=epochs))
    undisturbed, killed = (
        KilledCommand(
            ['python', ROOT / 'tools/train.py', config, '--resume',
             '--work-dir', folder / name, '--cfg-options',
             'train_dataloader.num_workers=1',
             'train_dataloader.batch_size=4'], folder,
            lambda: last_step(folder / LOG))
        for name in ('undisturbed', 'killed'))
    undisturbed.finish()
    expected = read_checkpoints(folder / 'undisturbed')
    assert {f'epoch_{epochs}.pth', f'epoch_{epochs - 1}.pth'} < set(expected)

    def finished() -> None:
        assert_equal(read_checkpoints(folder / 'killed'), expected)
        # What a killed process has left is cleaned up.
        assert not list((folder / 'killed').glob('.*.partial'))
        shutil.rmtree(folder / 'killed')

    kill_often(killed, undisturbed, kills,
               lambda: check_checkpoints(folder / 'killed'), finished)


def test_two_kills(tmp_path, rafdb, face_weights):
    prove(tmp_path, rafdb, face_weights, epochs=3, kills=2)


@pytest.mark.slow
def test_twenty_kills(tmp_path, rafdb, face_weights):
    prove(tmp_path, rafdb, face_weights, epochs=40, kills=20)
