"""Errors that say which setting to change."""

import errno
import os
import signal

import pytest
import torch
from mmengine.config import Config
from torch.utils.data import DataLoader, Dataset, get_worker_info

from ipdfer_mm.utils.run_errors import explained_errors

CFG = Config(dict(
    work_dir='runs/a',
    train_dataloader=dict(batch_size=32, num_workers=4),
    val_dataloader=dict(batch_size=64, num_workers=2),
    test_dataloader=None))
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


class Faulty(Dataset):
    """Loading fails in one way or another."""

    def __init__(self, fault) -> None:
        self.fault = fault

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> int:
        assert get_worker_info() is not None
        return self.fault()


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def failing() -> None:
    raise RuntimeError('a.png is no image')


def test_out_of_memory():
    with pytest.raises(torch.cuda.OutOfMemoryError) as info, explained_errors(
            CFG, LOADERS):
        raise torch.OutOfMemoryError('CUDA out of memory. Tried 2.00 GiB.')
    message = str(info.value)
    assert message.startswith('CUDA out of memory. Tried 2.00 GiB.\nLower '
                              'train_dataloader.batch_size=32, '
                              'val_dataloader.batch_size=64 of the config')
    assert '--amp' in message


def test_killed_worker():
    with pytest.raises(RuntimeError) as info, explained_errors(CFG, LOADERS):
        list(DataLoader(Faulty(killed), num_workers=1))
    message = str(info.value)
    assert 'is killed by signal: Killed' in message or (
        'exited unexpectedly' in message)
    assert ('lower train_dataloader.num_workers=4, '
            'val_dataloader.num_workers=2 of the config') in message


def test_error_in_a_worker_is_told_as_it_is():
    with pytest.raises(RuntimeError) as info, explained_errors(CFG, LOADERS):
        list(DataLoader(Faulty(failing), num_workers=1))
    assert 'a.png is no image' in str(info.value)
    assert 'num_workers' not in str(info.value)


@pytest.mark.skipif(not os.path.exists('/dev/full'), reason='no /dev/full')
def test_full_disk_without_a_name():
    """As loggers and torch raise it."""
    with pytest.raises(OSError, match="--resume.*: 'runs/a'") as info, \
            explained_errors(CFG, LOADERS), open('/dev/full', 'w') as file:
        file.write('x')
    assert info.value.errno == errno.ENOSPC


def test_other_errors_pass():
    for error in (OSError(errno.ENOSPC, 'No space left', 'epoch_1.pth'),
                  FileNotFoundError('no file'), RuntimeError('other'),
                  KeyError('key')):
        with pytest.raises(type(error)) as info, explained_errors(
                CFG, LOADERS):
            raise error
        assert info.value is error
