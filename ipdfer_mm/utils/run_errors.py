"""Errors of a long run that its user can do something about."""

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from mmengine.config import Config

FULL = (errno.ENOSPC, errno.EDQUOT)
# What torch says of a worker that is gone; an exception of a worker, which
# names what is wrong, reads "in DataLoader worker process 0".
WORKER_GONE = 'DataLoader worker (pid'


@contextmanager
def explained_errors(cfg: Config, loaders: Sequence[str]) -> Iterator[None]:
    """Say what to change where a run ends for want of something.

    Args:
        cfg (Config): The config of the run.
        loaders (Sequence[str]): Names of the data loaders it uses.

    Raises:
        torch.OutOfMemoryError: If the GPU's memory is full; names the batch
            sizes.
        OSError: If a disk is full and the error does not say which; names the
            work folder.
        RuntimeError: If a process that loads images is gone; names the
            numbers of workers.
    """
    try:
        yield
    except torch.cuda.OutOfMemoryError as error:
        raise type(error)(
            f'{error}\nLower {_settings(cfg, loaders, "batch_size")} of the '
            'config (--cfg-options <loader>.batch_size=...), or compute with '
            '--amp.') from error
    except OSError as error:
        if error.errno not in FULL or error.filename is not None:
            raise
        raise OSError(
            error.errno, f'{error.strerror}; free space or choose another '
            '--work-dir, and run the same command with --resume',
            cfg.work_dir) from error
    except RuntimeError as error:
        if WORKER_GONE not in str(error):
            raise
        raise RuntimeError(
            f'{error}\nA process that loads images is gone. Mostly the '
            'memory was full, or /dev/shm too small (docker run --shm-size): '
            f'lower {_settings(cfg, loaders, "num_workers")} of the config '
            '(--cfg-options <loader>.num_workers=...). With 0 an error of '
            'the pipeline shows itself.') from error


def _settings(cfg: Config, loaders: Sequence[str], key: str) -> str:
    """Their present values, such as ``train_dataloader.batch_size=32``."""
    return ', '.join(f'{name}.{key}={cfg[name].get(key)}' for name in loaders
                     if cfg.get(name) is not None)
