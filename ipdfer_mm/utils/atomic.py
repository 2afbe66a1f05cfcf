"""Files that are whole or not there."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MAX_NAME = 255  # bytes


def write_atomically(path: Path,
                     content: bytes,
                     advice: str,
                     sync: bool = False) -> None:
    """Write a file that is whole or not there.

    Args:
        path (Path): The file; its folder is made.
        content (bytes): The content.
        advice (str): What the error message says after the reason.
        sync (bool): Whether to wait until the content is on the disk, so that
            it survives a power cut, too. Defaults to False.

    Raises:
        OSError: If it cannot be written; the message names the file.
    """
    with renamed_when_done(path, advice) as partial, \
            open(partial, 'wb') as file:
        file.write(content)
        if sync:
            file.flush()
            os.fsync(file.fileno())


@contextmanager
def renamed_when_done(path: Path, advice: str) -> Iterator[Path]:
    """Let a file grow beside its place, and rename it in the end.

    So that a killed process, a full disk, or another process that writes the
    same file, does no harm. What leaves the block with an exception, also
    Ctrl-C, leaves no file. (A process that is killed outright can leave a
    hidden file with ``.partial`` in its name, which may be deleted.)

    Args:
        path (Path): The file; its folder is made.
        advice (str): What the error message says after the reason.

    Yields:
        Path: Where to write; it ends as ``path`` does, by which some
        libraries choose the format.

    Raises:
        OSError: If it cannot be written; the message names the file.
    """
    partial = path.with_name(_hidden_name(path))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        os.replace(partial, path)
    except OSError as error:
        # Others are about other files, or of no file system.
        ours = error.filename in (
            None, str(partial), *map(str, path.parents))
        if error.errno is None or not ours:
            raise
        raise OSError(error.errno, f'{error.strerror or error}; {advice}',
                      str(path)) from error
    finally:
        with suppress(OSError):  # renamed, or never made
            partial.unlink()


def _hidden_name(path: Path) -> str:
    """Name of the growing file, no longer than file systems allow."""
    ending = f'.{os.getpid()}.partial{path.suffix}'
    name = path.name.encode('utf-8', 'surrogateescape')
    if len(name) + len(ending) + 1 > MAX_NAME:
        return f'.{hashlib.sha1(name).hexdigest()}{ending}'
    return f'.{path.name}{ending}'
