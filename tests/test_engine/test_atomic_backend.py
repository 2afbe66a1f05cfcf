"""Checkpoints are whole or not there."""

import errno
import os
import signal
import subprocess
import sys

import pytest
from mmengine.fileio import get_file_backend

from ipdfer_mm.engine import AtomicLocalBackend

OLD, NEW = b'old' * 1000, b'new' * 2000


@pytest.fixture
def path(tmp_path):
    """A checkpoint that is about to be written again, but is not."""
    path = tmp_path / 'epoch_1.pth'
    path.write_bytes(OLD)
    yield path
    assert path.read_bytes() == OLD


def files(folder) -> list:
    return sorted(entry.name for entry in folder.iterdir())


def put_elsewhere(path, before: str) -> subprocess.CompletedProcess:
    """Write ``NEW`` in a process of its own."""
    code = ('import os, resource, signal\n'
            'from ipdfer_mm.engine import AtomicLocalBackend\n'
            f'{before}\n'
            f'AtomicLocalBackend().put({NEW!r}, {str(path)!r})')
    return subprocess.run([sys.executable, '-W', 'ignore', '-c', code],
                          text=True,
                          capture_output=True)


def test_found_by_name():
    backend = get_file_backend(
        'x', backend_args=dict(backend='AtomicLocalBackend'))
    assert isinstance(backend, AtomicLocalBackend)


def test_put(tmp_path):
    path, deep = tmp_path / 'epoch_1.pth', tmp_path / 'a/b/epoch_2.pth'
    path.write_bytes(OLD)
    AtomicLocalBackend().put(NEW, str(path))
    AtomicLocalBackend().put(NEW, deep)
    assert path.read_bytes() == deep.read_bytes() == NEW
    assert files(tmp_path) == ['a', 'epoch_1.pth']
    assert files(deep.parent) == ['epoch_2.pth']


def test_full_disk(path):
    """A true error of the system in the middle of the file."""
    limit = len(NEW) // 2
    done = put_elsewhere(
        path, f'resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))')
    assert done.returncode == 1
    message = done.stderr.splitlines()[-1]
    assert 'File too large; the checkpoint was not written' in message
    assert 'choose another --work-dir' in message
    assert str(path) in message
    assert path.read_bytes() == OLD
    assert files(path.parent) == ['epoch_1.pth']


@pytest.mark.parametrize('error, kind, message', [
    (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), OSError,
     'No space left.*not written'),
    (KeyboardInterrupt(), KeyboardInterrupt, ''),
])
def test_errors_leave_nothing(path, monkeypatch, error, kind, message):

    def fail(descriptor):
        raise error

    monkeypatch.setattr(os, 'fsync', fail)
    with pytest.raises(kind, match=message) as info:
        AtomicLocalBackend().put(NEW, path)
    if getattr(error, 'errno', None):
        assert info.value.errno == errno.ENOSPC
        assert info.value.filename == str(path)
    assert files(path.parent) == ['epoch_1.pth']


def test_file_in_place_of_the_folder(path):
    with pytest.raises(OSError, match='was not written') as info:
        AtomicLocalBackend().put(NEW, path / 'epoch_2.pth')
    assert info.value.filename == str(path / 'epoch_2.pth')


@pytest.mark.skipif(os.geteuid() == 0, reason='root may write everywhere')
def test_unwritable_folder(path):
    path.parent.chmod(0o500)
    with pytest.raises(PermissionError, match='was not written'):
        AtomicLocalBackend().put(NEW, path)
    path.parent.chmod(0o700)


def test_kill_leaves_the_old_file(path):
    done = put_elsewhere(
        path, 'os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)')
    assert done.returncode == -signal.SIGKILL
    # And the next attempt is not in the way of the last.
    AtomicLocalBackend().put(OLD, path)
