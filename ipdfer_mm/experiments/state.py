"""How far a run is, in a file that survives a kill."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ipdfer_mm.utils.atomic import write_atomically
from ipdfer_mm.utils.run_settings import ADVICE, note_settings

from .plan import Run

FILE = 'run.json'
LOCK = '.lock'
SMOKE = 'SMOKE, no result'
PLANNED, TRAINED, FINISHED = 'planned', 'trained', 'finished'


def note_planned(run: Run, write: bool = True) -> None:
    """Make the folder of a run, and note what it is going to be.

    Args:
        run (Run): The run.
        write (bool): False only compares with what is noted. Defaults to
            True.

    Raises:
        ValueError: If the folder holds a run with other settings.
    """
    note_settings(run.folder, run.load_config(), write)
    if write and not Path(run.folder, FILE).is_file():
        kept = {name: getattr(run, name)
                for name in ('name', 'seed', 'fold', 'sweep', 'smoke')}
        write_state(run.folder,
                    dict(kept, config=str(run.config), status=PLANNED))


def read_state(folder: Path) -> dict:
    """Read how far a run is.

    Args:
        folder (Path): Folder of the run.

    Returns:
        dict: ``name``, ``config``, ``seed``, ``fold``, ``sweep``, ``smoke``
        and ``status``: planned, trained or finished. From trained on also
        ``classes``, ``epochs``, ``iterations`` (of an epoch) and ``device``.

    Raises:
        ValueError: If the file is damaged; names it.
    """
    path = Path(folder, FILE)
    try:
        state = json.loads(path.read_text())
    except ValueError:
        state = None
    if not isinstance(state, dict) or state.get('status') not in (
            PLANNED, TRAINED, FINISHED):
        raise ValueError(f'{path} is damaged. Delete the folder of this run '
                         'and run it again.')
    return state


def read_status(folder: Path) -> str:
    """Read how far a run is, ``planned`` if it has no folder yet.

    See :func:`read_state`.
    """
    return read_state(folder)['status'] if Path(
        folder, FILE).is_file() else PLANNED


def write_state(folder: Path, state: dict) -> None:
    """Write how far a run is; see :func:`read_state`."""
    write_atomically(
        Path(folder, FILE), (json.dumps(state, indent=2) + '\n').encode(),
        ADVICE)


def is_smoke(checkpoint: Path) -> bool:
    """Say whether a checkpoint is that of a smoke run.

    Args:
        checkpoint (Path): Checkpoint, of a run or from elsewhere.

    Returns:
        bool: Whether nothing that is measured with it is a result.

    Raises:
        ValueError: If the state of the run is damaged.
    """
    folder = Path(checkpoint).parent
    return Path(folder, FILE).is_file() and read_state(folder)['smoke']


@contextmanager
def lock(folder: Path, patience: float = 0) -> Iterator[int | None]:
    """Keep other processes from working on the same run.

    The lock is that of the open file: a training that outlives the process
    which started it, and inherited the file, still holds it.

    Args:
        folder (Path): Folder of the run.
        patience (float): Seconds to wait for another process.

    Yields:
        int | None: The file descriptor to pass on; None if another process
        holds the lock.
    """
    descriptor = os.open(Path(folder, LOCK), os.O_CREAT | os.O_RDWR)
    try:
        deadline = time.monotonic() + patience
        while not (held := _try_lock(descriptor)) and (time.monotonic()
                                                       < deadline):
            time.sleep(0.2)
        yield descriptor if held else None
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
