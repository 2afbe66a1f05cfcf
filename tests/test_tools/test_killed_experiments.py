"""Experiments are killed at random moments and end as if they were not."""

from pathlib import Path

import mmengine
import pytest
from helpers import kill_often
from helpers.tiny_run import ROOT

RUNS = ('baseline_rafdb/seed0', 'ipdfer_rafdb/seed0')
# What tables are made of.
FILES = ('run.json', 'settings.json', 'last.pkl', 'best.pkl')


def results(out: Path) -> dict:
    """All that the runs leave."""
    return {run: {**kill_often.read_checkpoints(out / run),
                  **{name: mmengine.load(out / run / name) for name in FILES}}
            for run in RUNS}


def progress(out: Path) -> str:
    """The log of the tool that works, and the last thing that it did."""
    logs = [out / run / name for run in reversed(RUNS)
            for name in ('test.log', 'train.log')]
    log = next((log for log in logs if log.is_file()), logs[-1])
    return f'{log.relative_to(out)}: {kill_often.last_step(log)}'


@pytest.mark.slow
def test_twenty_kills(tmp_path, write):
    """For one kill see ``test_run_experiments.py``."""
    write(tmp_path / 'baseline_rafdb.py', baseline=True)
    write(tmp_path / 'ipdfer_rafdb.py')
    out = tmp_path / 'out'
    command = kill_often.KilledCommand(
        ['python', ROOT / 'tools/run_experiments.py', 'baseline_rafdb.py',
         'ipdfer_rafdb.py', '--smoke', '--out', out, '--cfg-options',
         'train_cfg.max_epochs=8'], tmp_path, lambda: progress(out))
    kill_often.prove(command, 20, out, results, kill_often.check_checkpoints)
