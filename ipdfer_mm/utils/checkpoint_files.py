"""Checkpoints in the folder of a run, and which of them is to go on from."""

import logging
import math
import pickle
import re
import struct
import zipfile
import zlib
from pathlib import Path

import torch
from mmengine.logging import print_log

from .atomic import write_atomically

# Beside MMEngine's `last_checkpoint`: the number of epochs that are trained,
# saved and validated.
FILE = 'finished_epochs'
ADVICE = 'free space or choose another --work-dir, and resume'


def checkpoints(folder: Path, prefix: str = '') -> dict[int, Path]:
    """Find the checkpoints of a run.

    Args:
        folder (Path): Folder of the run.
        prefix (str): Pattern of what their names have before
            ``epoch_<n>.pth``.

    Returns:
        dict[int, Path]: By epoch, in order.
    """
    found = {}
    for path in folder.glob(f'{prefix}epoch_*.pth'):
        match = re.fullmatch(r'epoch_(\d+)\.pth',
                             path.name[path.name.rindex('epoch_'):])
        if match:
            found[int(match[1])] = path
    return dict(sorted(found.items()))


def newest(folder: Path, which: str = 'last') -> Path | None:
    """Find a checkpoint of a run to test.

    Args:
        folder (Path): Folder of the run.
        which (str): ``'last'``, or ``'best'`` of the validation.

    Returns:
        Path | None: That of the highest epoch; None without one.
    """
    found = checkpoints(folder, 'best_*' if which == 'best' else '')
    return found[max(found)] if found else None


def note_finished(folder: Path, epoch: int) -> None:
    """Note that an epoch is trained, saved and validated.

    Args:
        folder (Path): Folder of the run.
        epoch (int): Number of epochs that are.

    Raises:
        OSError: If it cannot be written; names the file.
    """
    write_atomically(folder / FILE, f'{epoch}\n'.encode(), ADVICE)


def find_damage(path: Path) -> str | None:
    """Read a checkpoint through and compare its checksums.

    torch itself does not, and loads numbers that have changed on the disk.

    Args:
        path (Path): The checkpoint, as torch writes them since 1.6.

    Returns:
        str | None: What is wrong with the file; None if it is whole.
    """
    try:
        with zipfile.ZipFile(path) as file:
            changed = file.testzip()
        if changed is not None:
            return f'{changed} in it has changed'
        # torch's reader looks at parts of the file that Python's does not.
        torch.load(path, map_location='cpu', mmap=True, weights_only=True)
    except pickle.UnpicklingError:
        return None  # whole, but it holds objects that need trust
    # The last four are what damaged headers raise.
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, ValueError,
            struct.error, zlib.error) as error:
        reason = str(error) or type(error).__name__
        return reason.splitlines()[0]
    return None


def find_resumable(folder: Path, work_dir: Path) -> Path | None:
    """Find the checkpoint to go on from.

    It is the newest one that is whole. MMEngine writes the checkpoint of an
    epoch before it validates it, and deletes the best one before it writes a
    better; after a kill in between, going on from that checkpoint would lose
    the validation. So one that is newer than what :func:`note_finished` noted
    counts only after the first epoch, and only where none of those before is
    left and whole, as with ``max_keep_ckpts=1``.

    Args:
        folder (Path): Folder of the checkpoints.
        work_dir (Path): Folder of the run, mostly the same.

    Returns:
        Path | None: The checkpoint; None to start anew. A warning names those
        that are damaged.

    Raises:
        RuntimeError: If all are damaged; names them.
    """
    found = checkpoints(folder)
    order, done = list(reversed(found)), math.inf
    noted = work_dir / FILE
    if noted.is_file():
        text = noted.read_text(errors='replace').strip()
        if not text.isdecimal():
            raise RuntimeError(f'{noted} must hold a number of epochs, not '
                               f'{text!r}. Delete it to resume the newest '
                               'checkpoint.')
        done = int(text)
        order = [epoch for epoch in reversed(found) if epoch <= done]
        if done:
            # Where none of them is left: the oldest of the others misses the
            # fewest validations.
            order += [epoch for epoch in found if epoch > done]
    damaged: list[str] = []
    for epoch in order:
        path = found[epoch]
        damage = find_damage(path)
        if damage is None:
            if damaged:
                print_log(
                    f'Damaged: {"; ".join(damaged)}. Resuming from another '
                    f'checkpoint, {path}.',
                    logger='current', level=logging.WARNING)
            if epoch > done:
                print_log(
                    f'No whole checkpoint of the epochs up to {done:g}, which '
                    f'were validated, is left in {folder}: going on from '
                    f'epoch {epoch}, whose validation is missing.',
                    logger='current', level=logging.WARNING)
            return path
        damaged.append(f'{path} ({damage})')
    if damaged:
        raise RuntimeError(
            f'No checkpoint in {folder} can be resumed, all are damaged: '
            f'{"; ".join(damaged)}. Delete them to start anew.')
    return None


def remove_partial(folder: Path) -> None:
    """Delete what a process that was killed has left half-written.

    Args:
        folder (Path): Folder of a run that no other process works on.
    """
    for path in folder.glob('.*.pth.*.partial*'):
        path.unlink(missing_ok=True)
