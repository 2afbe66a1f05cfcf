"""Which checkpoint a run with this hook resumes."""

import logging
from types import SimpleNamespace

import pytest
import torch
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop

from ipdfer_mm.engine import ResumeCheckpointHook


def resume(work_dir, load_from=None, resume=True, loop=EpochBasedTrainLoop,
           start_from=None) -> SimpleNamespace:
    """A runner as its other hooks find it."""
    runner = SimpleNamespace(
        work_dir=str(work_dir), _resume=resume, _load_from=load_from,
        train_loop=loop.__new__(loop), logger=logging.getLogger('toy'))
    ResumeCheckpointHook(start_from).before_run(runner)
    return runner


@pytest.fixture
def folder(tmp_path):
    """A run that was killed in its third epoch."""
    for epoch in (1, 2):
        torch.save(dict(epoch=epoch), tmp_path / f'epoch_{epoch}.pth')
        ResumeCheckpointHook().before_train_epoch(
            SimpleNamespace(work_dir=str(tmp_path), epoch=epoch))
    # As a kill may leave it.
    (tmp_path / 'last_checkpoint').touch()
    (tmp_path / '.epoch_3.pth.123.partial.pth').touch()
    return tmp_path


def test_newest(folder):
    runner = resume(folder)
    assert runner._resume
    assert runner._load_from == str(folder / 'epoch_2.pth')
    assert not (folder / '.epoch_3.pth.123.partial.pth').exists()


def test_damaged(folder, log):
    (folder / 'epoch_2.pth').write_bytes(b'x')
    assert resume(folder)._load_from == str(folder / 'epoch_1.pth')
    assert 'epoch_2.pth (File is not a zip file)' in log.text


def test_killed_before_the_first_validation(folder):
    """The checkpoint that MMEngine would resume does not count."""
    (folder / 'last_checkpoint').write_text(str(folder / 'epoch_2.pth'))
    ResumeCheckpointHook().before_train_epoch(
        SimpleNamespace(work_dir=str(folder), epoch=0))
    runner = resume(folder)
    assert not runner._resume and runner._load_from is None


def test_weights_to_start_from(folder, tmp_path_factory):
    """Loaded, not resumed, and only where there is nothing to resume."""
    new = tmp_path_factory.mktemp('new')
    runner = resume(new, start_from='rafdb.pth')
    assert (runner._resume, runner._load_from) == (False, 'rafdb.pth')
    runner = resume(folder, start_from='rafdb.pth')
    assert runner._resume
    assert runner._load_from == str(folder / 'epoch_2.pth')


def test_last_epoch_is_noted(folder):
    torch.save(dict(epoch=3), folder / 'epoch_3.pth')
    for loop in (dict(), object.__new__(EpochBasedTrainLoop)):
        assert resume(folder)._load_from == str(folder / 'epoch_2.pth')
        ResumeCheckpointHook().after_run(SimpleNamespace(
            work_dir=str(folder), epoch=3, _train_loop=loop))
    assert resume(folder)._load_from == str(folder / 'epoch_3.pth')


def test_checkpoints_elsewhere(folder, tmp_path_factory):
    """As `out_dir` of CheckpointHook has it."""
    work_dir = tmp_path_factory.mktemp('work')
    (work_dir / 'last_checkpoint').write_text(str(folder / 'epoch_2.pth'))
    assert resume(work_dir)._load_from == str(folder / 'epoch_2.pth')


@pytest.mark.parametrize('kwargs', [
    dict(load_from='a.pth'), dict(resume=False), dict(loop=IterBasedTrainLoop),
])
def test_left_alone(folder, kwargs):
    runner = resume(folder, **kwargs)
    assert runner._load_from == kwargs.get('load_from')
    assert runner._resume == kwargs.get('resume', True)
