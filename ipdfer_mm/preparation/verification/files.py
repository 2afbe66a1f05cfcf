"""Whether the images can be read, and what tells them apart."""

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from ipdfer_mm.preparation.chunks import (
    ChunkTask,
    file_stamp,
    work_in_chunks,
)
from ipdfer_mm.preparation.duplicates import perceptual_hash
from ipdfer_mm.preparation.reading import read_image
from ipdfer_mm.utils.files import sha256

CHUNK_SIZE = 256
# Of the hashes and faults below; another number discards parts kept.
VERSION = b'1'
MISSING = 'missing'


class ListedFile(NamedTuple):
    """A file as it is before it is read.

    Attributes:
        path (str): Relative to the data root.
        size (int, optional): Bytes; None if it is missing.
        changed (int, optional): Time of its last change in ns.
    """

    path: str
    size: int | None
    changed: int | None


class CheckedFile(NamedTuple):
    """What is known of a file.

    Attributes:
        path (str): Relative to the data root.
        fault (str): Empty, ``'missing'``, or why it cannot be read.
        content (str): Hash of its bytes; empty if there is a fault.
        look (str): Its perceptual hash, packed, in hexadecimal, likewise.
    """

    path: str
    fault: str
    content: str = ''
    look: str = ''

    @property
    def bits(self) -> np.ndarray:
        """The perceptual hash as bool (255, )."""
        packed = np.frombuffer(bytes.fromhex(self.look), np.uint8)
        return np.unpackbits(packed)[:255].astype(bool)


def check_files(data_root: Path, paths: Iterable[str], parts: Path,
                workers: int) -> dict[str, CheckedFile]:
    """Read images in several processes.

    What was checked is kept in ``parts``, from which an interrupted check
    goes on; a file that changed since, or had a fault, is read again.

    Args:
        data_root (Path): Folder that the paths are relative to.
        paths (Iterable[str]): Images; one may be named twice.
        parts (Path): Folder for what is known.
        workers (int): Number of processes; 0 works in this one.

    Returns:
        dict[str, CheckedFile]: By path.

    Raises:
        OSError: If something cannot be written; names the file.
    """
    unique = list(dict.fromkeys(paths))
    files = [
        _look_up(data_root, path)
        for path in tqdm(unique, desc='Looking up', unit='file', disable=None)
    ]
    task = ChunkTask(
        partial(FileChecker, data_root), CheckedFile,
        lambda file: not file.fault, parts,
        VERSION + str(data_root).encode(), CHUNK_SIZE)
    checked = work_in_chunks(task, files, workers, 'Reading images')
    return {file.path: file for file in checked}


class FileChecker:
    """Checks chunks of files; one for each process.

    Args:
        data_root (Path): Folder that the paths are relative to.
    """

    def __init__(self, data_root: Path) -> None:
        self.data_root = data_root

    def __call__(self, files: Sequence[ListedFile]) -> list[CheckedFile]:
        """Read the files of a chunk."""
        return [self._check(file) for file in files]

    def _check(self, file: ListedFile) -> CheckedFile:
        if file.size is None:
            return CheckedFile(file.path, MISSING)
        path = self.data_root / file.path
        try:
            look = np.packbits(perceptual_hash(read_image(path)))
            content = sha256(path)
        except OSError as error:
            # The message begins with the whole path.
            reason = str(error).removeprefix(f'{path}: ')
            return CheckedFile(file.path, reason)
        return CheckedFile(file.path, '', content, look.tobytes().hex())


def _look_up(data_root: Path, path: str) -> ListedFile:
    stamp = file_stamp(data_root / path) or (None, None)
    return ListedFile(path, *stamp)
