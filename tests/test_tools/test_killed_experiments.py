"""Experiments are killed at random moments and end as if they were not."""

import shutil
import sys
from pathlib import Path

import mmengine
import pytest
from helpers.kill_often import (
    LOG,
    KilledCommand,
    check_checkpoints,
    kill_often,
    last_step,
    read_checkpoints,
)
from helpers.tiny_run import (
    ROOT,
    assert_equal,
    baseline_cfg,
    ipdfer_cfg,
    write_config,
)

EPOCHS = 8
RUNS = ('baseline_rafdb/seed0', 'ipdfer_rafdb/seed0')
# What tables are made of.
FILES = ('run.json', 'settings.json', 'last.pkl', 'best.pkl')


def results(out: Path) -> dict:
    """All that the runs leave."""
    return {
        run: {**read_checkpoints(out / run),
              **{name: mmengine.load(out / run / name) for name in FILES}}
        for run in RUNS
    }


def progress(out: Path) -> str:
    """The log of the tool that works, and the last thing that it did."""
    logs = [out / run / name for run in reversed(RUNS)
            for name in ('test.log', 'train.log')]
    log = next((log for log in logs if log.is_file()), logs[-1])
    return f'{log.relative_to(out)}: {last_step(log)}'


@pytest.mark.slow
def test_twenty_kills(tmp_path, rafdb, face_weights):
    """For one kill see ``test_run_experiments.py``."""
    write_config(tmp_path / 'baseline_rafdb.py', rafdb, baseline_cfg())
    write_config(tmp_path / 'ipdfer_rafdb.py', rafdb, ipdfer_cfg(face_weights))
    folders = tmp_path / 'undisturbed', tmp_path / 'killed'
    undisturbed, killed = (
        KilledCommand(
            [sys.executable, ROOT / 'tools/run_experiments.py',
             'baseline_rafdb.py', 'ipdfer_rafdb.py', '--smoke', '--out', out,
             '--cfg-options', f'train_cfg.max_epochs={EPOCHS}'], tmp_path,
            lambda out=out: progress(out))
        for out in folders)
    undisturbed.finish()
    expected = results(folders[0])

    def finished() -> None:
        assert f'All {len(RUNS)} runs are finished' in (
            tmp_path / LOG).read_text()
        assert_equal(results(folders[1]), expected)
        shutil.rmtree(folders[1])

    kill_often(killed, undisturbed, 20,
               lambda: check_checkpoints(folders[1]), finished)
