"""A tiny experiment, killed and resumed, and tables of them."""

import csv
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from helpers.tiny_run import ROOT, run, tool_environment
from helpers.tools import run_tool

EPOCHS = 6
SIX_EPOCHS = ('--cfg-options', f'train_cfg.max_epochs={EPOCHS}')
TOOL = ROOT / 'tools/run_experiments.py'


@pytest.fixture(scope='module')
def folder(tmp_path_factory, write) -> Path:
    """A config of the baseline."""
    folder = tmp_path_factory.mktemp('experiments')
    write(folder / 'baseline_rafdb.py', baseline=True)
    return folder


def command(*args) -> list:
    """The same experiment, with more flags."""
    return [TOOL, 'baseline_rafdb.py', '--smoke', '--out', 'out',
            *map(str, args)]


def states(folder: Path) -> dict:
    """Status by folder of the run."""
    return {str(path.parent.relative_to(folder / 'out')):
            json.loads(path.read_text())['status']
            for path in (folder / 'out').rglob('run.json')}


@pytest.fixture(scope='module')
def experiments(folder) -> str:
    """Killed when the third epoch began, finished; the second output."""
    process = subprocess.Popen(
        ['python', *command(*SIX_EPOCHS)], cwd=folder, env=tool_environment(),
        start_new_session=True, stdout=subprocess.DEVNULL)
    work = folder / 'out/baseline_rafdb/seed0'
    end = time.monotonic() + 300
    try:
        while not (work / 'epoch_2.pth').is_file():
            assert time.monotonic() < end, 'no second epoch'
            assert process.poll() is None, 'ended before the kill'
            time.sleep(0.02)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert not (work / f'epoch_{EPOCHS}.pth').is_file()
    assert states(folder) == {'baseline_rafdb/seed0': 'planned'}
    return run_tool(*command(*SIX_EPOCHS), cwd=folder)


def test_goes_on_after_a_kill(folder, experiments):
    assert 'All 1 runs are finished' in experiments
    assert states(folder) == {'baseline_rafdb/seed0': 'finished'}
    work = folder / 'out/baseline_rafdb/seed0'
    log = (work / 'train.log').read_text()
    assert '--resume' in log and 'resumed epoch: ' in log
    assert (work / f'epoch_{EPOCHS}.pth').is_file()
    # Each epoch was validated.
    steps = {record['step'] for path in work.glob('*/vis_data/scalars.json')
             for record in map(json.loads, path.read_text().splitlines())
             if 'accuracy/top1' in record}
    assert steps == {*range(1, EPOCHS + 1)}
    # Once more: nothing to do.
    before = {path: path.stat().st_mtime_ns for path in work.rglob('*')}
    assert 'All 1 runs are finished' in run_tool(*command(*SIX_EPOCHS),
                                                 cwd=folder)
    assert {path: path.stat().st_mtime_ns
            for path in work.rglob('*')} == before


def test_tables_say_smoke(folder, experiments):
    output = run_tool('analysis_tools/make_tables.py', 'out', cwd=folder)
    tables = folder / 'out/tables'
    text = (tables / 'SMOKE_RAFDB.md').read_text()
    assert text in output and '## SMOKE, no result: RAFDB: accuracy' in text
    assert {path.name for path in tables.iterdir()} == {'SMOKE_RAFDB.md', *(
        f'SMOKE_RAFDB_{key}.{suffix}' for suffix in ('csv', 'tex') for key in
        ('accuracy', 'pose_best', 'pose_last', 'time', 'runs'))}
    with open(tables / 'SMOKE_RAFDB_runs.csv', newline='') as file:
        (row, ) = csv.DictReader(file)
    # What tools/test.py said of the last checkpoint.
    (metrics, ) = folder.glob('out/baseline_rafdb/seed0/test_last/*/*.json')
    assert float(row['last epoch: accuracy']) == pytest.approx(
        json.loads(metrics.read_text())['accuracy/top1'])


def test_slurm(folder, tmp_path):
    """Jobs for what is not finished, by a stand-in for sbatch."""
    sbatch = tmp_path / 'sbatch'
    sbatch.write_text('#!/bin/sh\necho Submitted $1\n')
    sbatch.chmod(0o755)
    output = run_tool(
        *command('--seeds', 0, 1, '--out', 'slurm', '--launcher', 'slurm',
                 '--sbatch-options=--time=1:0:0'),
        cwd=folder, PATH=f'{tmp_path}:{os.environ["PATH"]}')
    script = folder / 'slurm/slurm/array.sh'
    assert f'Submitted {script}' in output
    text = script.read_text()
    assert '#SBATCH --array=0,1\n' in text and '--time=1:0:0\n' in text
    last = text.splitlines()[-1]
    assert last.endswith('--launcher none --run "$SLURM_ARRAY_TASK_ID"')
    # What a job does, as far as it can be had quickly.
    job = last.removeprefix('exec ').replace('"$SLURM_ARRAY_TASK_ID"', '1')
    output = run('bash', '-c', f'{job} --dry-run', cwd=folder)
    assert '0: baseline_rafdb/seed1 (planned)' in output


def test_a_dry_run_writes_nothing(folder):
    output = run_tool(*command('--out', 'dry', '--dry-run'), cwd=folder)
    assert '1 planned' in output and 'baseline_rafdb/seed0' in output
    assert not (folder / 'dry').exists()


@pytest.mark.parametrize('args, message', [
    ((TOOL, 'absent.py'), 'The config absent.py does not exist.'),
    (command('--out', 'other', '--run', 9), '--run 9: there are 1 runs'),
    (command('--out', 'other', '--run', 1, '--launcher', 'slurm'),
     '--launcher slurm submits all'),
])
def test_bad_input(folder, args, message):
    output = run_tool(*args, cwd=folder, fails=True)
    assert message in output and 'Traceback' not in output
