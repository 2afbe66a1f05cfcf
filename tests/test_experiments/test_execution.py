"""Runs with stand-ins for train.py and test.py."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch
from helpers.fake_runs import CONFIG

from ipdfer_mm.experiments.execution import (
    RunBusyError,
    RunFailedError,
    execute,
)
from ipdfer_mm.experiments.plan import plan_runs
from ipdfer_mm.experiments.slurm import array_script, submit
from ipdfer_mm.experiments.state import lock, note_planned, read_state

TRAIN = '''
import shutil, sys
from pathlib import Path
folder = Path(sys.argv[sys.argv.index('--work-dir') + 1])
print('training with', sys.argv[-1])
if Path(__file__).with_name('broken').exists():
    sys.exit('out of memory')
source = Path(__file__).with_name('checkpoint.pth')
for name in ('epoch_29', 'epoch_30', 'best_accuracy_top1_epoch_9'):
    shutil.copy(source, folder / f'{name}.pth')
'''
TEST = '''
import sys
from pathlib import Path
if Path(__file__).with_name('untestable').exists():
    sys.exit('no images')
Path(sys.argv[sys.argv.index('--out') + 1]).write_text(sys.argv[2])
'''


@pytest.fixture
def tools(tmp_path):
    folder = tmp_path / 'tools'
    folder.mkdir()
    (folder / 'train.py').write_text(TRAIN)
    (folder / 'test.py').write_text(TEST)
    meta = dict(epoch=30, iter=240, dataset_meta=dict(classes=('a', 'b')))
    torch.save(dict(meta=meta), folder / 'checkpoint.pth')
    return folder


@pytest.fixture
def run(tmp_path):
    config = tmp_path / 'plain.py'
    config.write_text(CONFIG.format(fold=''))
    run, = plan_runs([config], tmp_path / 'out', [4])
    note_planned(run)
    return run


def test_trains_and_tests_once(run, tools):
    execute(run, tools)
    state = read_state(run.folder)
    assert state['status'] == 'finished' and state['seed'] == 4
    assert state['classes'] == ['a', 'b']
    assert (state['epochs'], state['iterations']) == (30, 8)
    tested = {which: Path((run.folder / f'{which}.pkl').read_text()).name
              for which in ('last', 'best')}
    assert tested == dict(last='epoch_30.pth',
                          best='best_accuracy_top1_epoch_9.pth')
    log = run.folder / 'train.log'
    assert 'training with randomness.seed=4' in log.read_text()
    (tools / 'train.py').unlink()
    execute(run, tools)  # nothing is called


def test_failures_are_told_and_fixed(run, tools):
    (tools / 'broken').touch()
    with pytest.raises(RunFailedError, match=(
            r'(?s)plain/seed4: train.py ended with status 1.*train\.log.*'
            'out of memory')):
        execute(run, tools)
    (tools / 'broken').unlink()
    (tools / 'untestable').touch()
    with pytest.raises(RunFailedError, match='test.py ended'):
        execute(run, tools)
    assert read_state(run.folder)['status'] == 'trained'
    assert not list(run.folder.glob('*.pkl'))
    (tools / 'untestable').unlink()
    (tools / 'train.py').unlink()  # trained already
    execute(run, tools)
    assert read_state(run.folder)['status'] == 'finished'


def test_a_checkpoint_with_objects_is_a_failure(run, tools):
    """Told as a failure of this run, so that the others go on."""
    torch.save(dict(meta=dict(extra=Path('a'))), tools / 'checkpoint.pth')
    with pytest.raises(RunFailedError, match=r'(?s)epoch_30.*PlainCheckpoint'):
        execute(run, tools)


def test_a_training_without_checkpoints_is_a_failure(run, tools):
    (tools / 'train.py').write_text(TRAIN.replace("'epoch_", "'iter_"))
    with pytest.raises(RunFailedError, match='no checkpoint of an epoch'):
        execute(run, tools)


def test_a_training_that_outlives_its_master_is_left_alone(run, tools):
    with lock(run.folder) as held:
        orphan = subprocess.Popen([sys.executable, '-c', 'input()'],
                                  stdin=subprocess.PIPE, pass_fds=[held])
    with pytest.raises(RunBusyError, match='plain/seed4'):
        execute(run, tools)
    threading.Timer(0.3, orphan.communicate, [b'\n']).start()
    execute(run, tools, patience=60)


def test_other_settings_are_refused(run):
    note_planned(run)
    run.config.write_text(run.config.read_text().replace('30', '31'))
    with pytest.raises(ValueError, match=r'plain/seed4 holds a run with other '
                       r'settings \(train_cfg\)'):
        note_planned(run)


def test_damaged_state_is_named(run):
    (run.folder / 'run.json').write_text('{')
    with pytest.raises(ValueError, match='run.json is damaged'):
        read_state(run.folder)


def test_slurm_script(tmp_path):
    lines = array_script(
        ['python', 'a b.py', '--out', 'x'], [0, 1, 2, 5, 8], Path('/logs'),
        ['--time=9:0:0'], tmp_path).splitlines()
    for line in ('#SBATCH --array=0,1,2,5,8', '#SBATCH --time=9:0:0',
                 '#SBATCH --output=/logs/%A_%a.log', f'cd {tmp_path}'):
        assert line in lines
    assert lines[-1] == (
        'exec python \'a b.py\' --out x --run "$SLURM_ARRAY_TASK_ID"')


def test_sbatch(tmp_path, monkeypatch):
    script = tmp_path / 'array.sh'
    sbatch = tmp_path / 'bin/sbatch'
    sbatch.parent.mkdir()
    monkeypatch.setenv('PATH', f'{sbatch.parent}')
    with pytest.raises(OSError, match='no sbatch here. .*array.sh is written'):
        submit(script)
    monkeypatch.setenv('PATH', f'{sbatch.parent}:{os.defpath}')
    sbatch.write_text('#!/bin/sh\necho Submitted batch job $1\n')
    sbatch.chmod(0o755)
    assert submit(script) == f'Submitted batch job {script}'
    sbatch.write_text('#!/bin/sh\necho no such partition >&2; exit 1\n')
    with pytest.raises(OSError, match='status 1: no such partition'):
        submit(script)
