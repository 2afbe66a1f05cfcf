"""Files that are whole or not there."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MAX_NAME = 255  # bytes


def write_atomically(path: Path,
                     content: bytes,
                     advice: str,
                     sync: bool = False) -> None:
    """Write a file that is whole or not there.

    It is written beside its place and renamed, so that a killed process, a
    full disk, or another process that writes the same file, does no harm. (A
    process that is killed outright can leave a hidden ``.partial`` file,
    which may be deleted.)

    Args:
        path (Path): The file; its folder exists.
        content (bytes): The content.
        advice (str): What the error message says after the reason.
        sync (bool): Whether to wait until the content is on the disk, so that
            it survives a power cut, too. Defaults to False.

    Raises:
        OSError: If it cannot be written; the message names the file.
    """
    partial = _beside(path, f'.{os.getpid()}.partial')
    try:
        with open(partial, 'wb') as file:
            file.write(content)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise OSError(error.errno, f'{error.strerror or error}; {advice}',
                      str(path)) from error
    except BaseException:  # also Ctrl-C
        partial.unlink(missing_ok=True)
        raise


def _beside(path: Path, ending: str) -> Path:
    """Hidden name beside a file, no longer than file systems allow."""
    name = path.name.encode('utf-8', 'surrogateescape')
    if len(name) + len(ending) + 1 > MAX_NAME:
        return path.with_name(f'.{hashlib.sha1(name).hexdigest()}{ending}')
    return path.with_name(f'.{path.name}{ending}')


@contextmanager
def renamed_when_done(path: Path, advice: str) -> Iterator[Path]:
    """Let a file grow beside its place, and rename it in the end.

    For files that are written bit by bit. What leaves the block with an
    exception, also Ctrl-C, leaves no file.

    Args:
        path (Path): The file; its folder exists.
        advice (str): What the error message says after the reason.

    Yields:
        Path: Where to write; it ends as ``path`` does, by which some
        libraries choose the format.

    Raises:
        OSError: If it cannot be written; the message names the file.
    """
    partial = _beside(path, f'.{os.getpid()}.partial{path.suffix}')
    try:
        yield partial
        os.replace(partial, path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        # Others are about other files, or of no file system.
        if error.errno is not None and (
                error.filename in (None, str(partial))):
            raise OSError(error.errno, f'{error.strerror or error}; {advice}',
                          str(path)) from error
        raise
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
