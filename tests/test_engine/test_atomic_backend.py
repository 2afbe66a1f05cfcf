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
    """A checkpoint that is about to be written again."""
    path = tmp_path / 'epoch_1.pth'
    path.write_bytes(OLD)
    return path


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


def test_put(path):
    AtomicLocalBackend().put(NEW, str(path))
    assert path.read_bytes() == NEW
    deep = path.parent / 'a/b/epoch_2.pth'
    AtomicLocalBackend().put(NEW, deep)
    assert deep.read_bytes() == NEW
    assert files(path.parent) == ['a', 'epoch_1.pth']
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


def test_error_keeps_its_number(path, monkeypatch):

    def fail(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, 'fsync', fail)
    with pytest.raises(OSError, match='No space left.*not written') as info:
        AtomicLocalBackend().put(NEW, path)
    assert info.value.errno == errno.ENOSPC
    assert info.value.filename == str(path)
    assert path.read_bytes() == OLD
    assert files(path.parent) == ['epoch_1.pth']


def test_error_without_number(path, monkeypatch):

    def fail(descriptor):
        raise OSError('the server is away')

    monkeypatch.setattr(os, 'fsync', fail)
    with pytest.raises(OSError, match='the server is away; the checkpoint'):
        AtomicLocalBackend().put(NEW, path)
    assert path.read_bytes() == OLD


def test_file_in_place_of_the_folder(path):
    with pytest.raises(OSError, match='was not written') as info:
        AtomicLocalBackend().put(NEW, path / 'epoch_2.pth')
    assert info.value.filename == str(path / 'epoch_2.pth')
    assert path.read_bytes() == OLD


@pytest.mark.skipif(os.geteuid() == 0, reason='root may write everywhere')
def test_unwritable_folder(path):
    path.parent.chmod(0o500)
    with pytest.raises(PermissionError, match='was not written'):
        AtomicLocalBackend().put(NEW, path)
    path.parent.chmod(0o700)
    assert path.read_bytes() == OLD


def test_interrupt_leaves_nothing(path, monkeypatch):

    def interrupt(descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, 'fsync', interrupt)
    with pytest.raises(KeyboardInterrupt):
        AtomicLocalBackend().put(NEW, path)
    assert path.read_bytes() == OLD
    assert files(path.parent) == ['epoch_1.pth']


def test_kill_leaves_the_old_file(path):
    done = put_elsewhere(
        path, 'os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)')
    assert done.returncode == -signal.SIGKILL
    assert path.read_bytes() == OLD
    # And the next attempt is not in the way of the last.
    AtomicLocalBackend().put(NEW, path)
    assert path.read_bytes() == NEW
