"""Disks that are really full, or read-only: nothing is lost, all is named."""

from pathlib import Path

import cv2
import pytest
from helpers.kill_often import check_checkpoints
from helpers.official_layouts import write_image
from helpers.small_disk import run_on_disk
from helpers.tiny_run import ROOT, assert_equal, comparable, run_train
from helpers.tools import run_tool

# As the fixture `ipdfer_run`; images are flipped by workers.
WORKERS = ('--cfg-options', 'train_dataloader.num_workers=2')


def test_training_goes_on_when_there_is_room(ipdfer_run, write, tmp_path):
    """The disk gets full in the second of two epochs."""
    config = write(tmp_path / 'tiny.py',
                   custom_imports=dict(imports=['helpers.fault_hooks']),
                   custom_hooks=[dict(type='FillDiskHook')])
    disk, work = tmp_path / 'disk', tmp_path / 'work'
    code, output = run_on_disk(
        disk, 'size=64M', work, 'python', ROOT / 'tools/train.py', config,
        '--work-dir', disk, *WORKERS, cwd=tmp_path)
    assert code == 1
    message = output[output.rindex('\nOSError'):]
    for part in ('No space left on device; ', 'resume', str(disk),
                 'ree space or choose another --work-dir'):
        assert part in message
    check_checkpoints(work)
    assert (work / 'epoch_1.pth').exists()
    assert not (work / 'epoch_2.pth').exists()
    (work / 'filler').unlink()
    # In another place, as the message says.
    output = run_train(ipdfer_run.config, work, '--resume', *WORKERS)
    assert 'resumed epoch: 1' in output
    assert_equal(comparable(work / 'epoch_2.pth'),
                 comparable(ipdfer_run.work_dir / 'epoch_2.pth'))


@pytest.fixture
def images(tmp_path) -> Path:
    """Faces are of no concern."""
    for index in range(70):
        write_image(tmp_path / f'data/train/neutral/{index}.png', 32, 32,
                    index)
    return tmp_path / 'data'


def test_preparation_goes_on_when_there_is_room(images, tmp_path):
    disk, out = tmp_path / 'disk', tmp_path / 'out'
    tool = ['python', ROOT / 'tools/prepare_dataset.py', 'folder',
            images, '--workers', 0, '--out']
    code, output = run_on_disk(disk, 'size=1M', out, *tool, disk, cwd=tmp_path)
    assert code == 2 and 'Traceback' not in output
    assert 'No space left on device; nothing is lost: make room' in output
    assert f'{disk}/faces/train/neutral/' in output
    for face in out.rglob('*.png'):
        assert cv2.imread(str(face)).shape == (112, 112, 3)
    assert not (out / 'manifest.csv').exists()
    for folder in (out, tmp_path / 'undisturbed'):
        run_tool(*tool[1:], folder, cwd=tmp_path)
    for face in (tmp_path / 'undisturbed/faces').rglob('*.png'):
        path = face.relative_to(tmp_path / 'undisturbed')
        assert (out / path).read_bytes() == face.read_bytes()


def test_experiments_tell_what_is_full(tmp_path, write):
    write(tmp_path / 'baseline_rafdb.py', baseline=True)
    disk = tmp_path / 'disk'
    code, output = run_on_disk(
        disk, 'size=256k', tmp_path / 'copy', 'python',
        ROOT / 'tools/run_experiments.py', 'baseline_rafdb.py', '--smoke',
        '--out', disk, cwd=tmp_path)
    assert code == 1
    assert '1 of 1 runs failed' in output
    assert 'No space left on device' in output
    assert str(disk / 'baseline_rafdb/seed0') in output
    assert not list((tmp_path / 'copy').rglob('*.pth'))


@pytest.mark.parametrize('tool, flag, arguments', [
    ('train.py', '--work-dir', ['tiny.py']),
    ('prepare_dataset.py', '--out', ['folder', 'data', '--workers', '0']),
    ('run_experiments.py', '--out', ['tiny.py', '--smoke']),
])
def test_read_only(tool, flag, arguments, images, tmp_path, write):
    write(tmp_path / 'tiny.py', baseline=True)
    disk = tmp_path / 'disk'
    code, output = run_on_disk(
        disk, 'ro', tmp_path / 'copy', 'python', ROOT / 'tools' / tool,
        *arguments, flag, disk / 'out', cwd=tmp_path)
    assert code != 0
    last = output.strip().splitlines()[-1]
    assert 'Read-only file system' in last and str(disk / 'out') in last
