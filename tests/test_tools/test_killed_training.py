"""Training is killed at random moments and ends as if it were not."""

from pathlib import Path

import pytest
from helpers import kill_often
from helpers.tiny_run import ROOT


def results(work: Path) -> dict:
    """Checkpoints; what a killed process has left is cleaned up."""
    assert not list(work.glob('.*.partial*'))
    return kill_often.read_checkpoints(work)


@pytest.mark.parametrize('epochs, kills', [
    (3, 2), pytest.param(40, 20, marks=pytest.mark.slow)])
def test_kills(tmp_path, write, epochs, kills):
    config = write(tmp_path / 'tiny.py', train_cfg=dict(max_epochs=epochs))
    command = kill_often.KilledCommand(
        ['python', ROOT / 'tools/train.py', config, '--resume', '--work-dir',
         'work', '--cfg-options', 'train_dataloader.num_workers=1',
         'train_dataloader.batch_size=4'], tmp_path,
        lambda: kill_often.last_step(tmp_path / kill_often.LOG))
    kill_often.prove(command, kills, tmp_path / 'work', results,
                     kill_often.check_checkpoints)
    assert {f'epoch_{epochs}.pth', f'epoch_{epochs - 1}.pth'} < set(
        results(tmp_path / 'work'))
