"""Finding files."""

import hashlib
import os
import os.path as osp
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from mmengine.logging import print_log

from .messages import shorten

IMAGE_SUFFIXES = ('.bmp', '.jpeg', '.jpg', '.pbm', '.pgm', '.png', '.pnm',
                  '.ppm', '.tif', '.tiff', '.webp')


def is_image(name: str | Path) -> bool:
    """Whether the name of a file ends like that of an image, in any case."""
    return str(name).lower().endswith(IMAGE_SUFFIXES)


def visible_entries(folder: str | Path) -> list[os.DirEntry]:
    """What is in a folder, sorted by name.

    Names that begin with a dot are left out: the ``._a.jpg`` of a Mac,
    ``.ipynb_checkpoints``, thumbnails; and the ``__MACOSX`` of archives.

    Args:
        folder (str or Path): The folder.

    Returns:
        list[os.DirEntry]: Files and folders; none if there is no folder.
    """
    if not osp.isdir(folder):
        return []
    with os.scandir(folder) as entries:
        return sorted(
            (entry for entry in entries
             if entry.name[0] != '.' and entry.name != '__MACOSX'),
            key=lambda entry: entry.name)


def subfolders(folder: str | Path) -> list[str]:
    """Names of the visible folders in a folder, sorted, also of links."""
    return [entry.name for entry in visible_entries(folder)
            if _holds(entry.is_dir)]


def walk_files(data_root: str | Path, folder: str = '') -> Iterator[str]:
    """All visible files in a folder and below, sorted within each folder.

    Links are followed, unless they lead back to a folder that they are in.

    Args:
        data_root (str or Path): What the paths are relative to.
        folder (str): The folder, relative to it, with forward slashes;
            empty for all of it.

    Yields:
        str: Path of a file, relative to ``data_root``, with forward slashes.
        Of a link that leads nowhere, too: reading it names what is missing.
    """
    yield from _walk(str(data_root), folder, ())


def _walk(data_root: str, folder: str,
          above: tuple[os.stat_result, ...]) -> Iterator[str]:
    place = osp.join(data_root, folder)
    if not osp.isdir(place):
        return
    ours = os.stat(place)
    if any(osp.samestat(ours, theirs) for theirs in above):
        return
    for entry in visible_entries(place):
        path = f'{folder}/{entry.name}' if folder else entry.name
        if _holds(entry.is_dir):
            yield from _walk(data_root, path, (*above, ours))
        else:
            yield path


def list_images(folder: Path) -> list[Path]:
    """List the images of a folder and of the folders in it.

    Args:
        folder (Path): The folder.

    Returns:
        list[Path]: Visible files that end as images do, sorted. The log says
        how many others there are.

    Raises:
        ValueError: If there is none.
    """
    files = list(walk_files(folder))
    images = [folder / path for path in files if is_image(path)]
    if not images:
        raise ValueError(f'The folder {folder} has no image; these are '
                         f'files that end in {", ".join(IMAGE_SUFFIXES)}.')
    others = [path for path in files if not is_image(path)]
    if others:
        print_log(f'{folder}: {len(others)} files do not end as images do '
                  f'and are left out: {shorten(others)}.', logger='current')
    return images


def missing_files(paths: Iterable[str]) -> list[str]:
    """Which of many files do not exist.

    Lists each folder once: on 300,000 images much faster than asking for
    every file, above all over a network.

    Args:
        paths (Iterable[str]): The files.

    Returns:
        list[str]: Those that are missing, in the same order.
    """
    folders: dict[str, set[str]] = {}
    missing = []
    for path in paths:
        folder, name = osp.split(path)
        if folder not in folders:
            folders[folder] = set()
            if osp.isdir(folder):
                with os.scandir(folder) as entries:
                    folders[folder] = {entry.name for entry in entries
                                       if _holds(entry.is_file)}
        if name not in folders[folder]:
            missing.append(path)
    return missing


class ImageIndex:
    """Finds images whose names end in another case or kind than they say.

    Lists each folder once.

    Args:
        data_root (str): What the paths are relative to.
    """

    def __init__(self, data_root: str) -> None:
        self.data_root = data_root
        self._folders: dict[str, dict[str, str]] = {}

    def find(self, path: str) -> str:
        """Path as it is on the disk.

        Args:
            path (str): Path of an image, relative to ``data_root``, with
                forward slashes.

        Returns:
            str: The same where it exists, or a file that differs from it in
            nothing but the case and the ending; else ``path``.
        """
        folder, name = osp.split(path)
        if folder not in self._folders:
            self._folders[folder] = self._list(folder)
        names = self._folders[folder]
        if name in names:
            return path
        stem = osp.splitext(name)[0].lower()
        return f'{folder}/{names[stem]}' if stem in names else path

    def _list(self, folder: str) -> dict[str, str]:
        entries = visible_entries(osp.join(self.data_root, folder))
        names = [entry.name for entry in entries]
        stems = {osp.splitext(name)[0].lower(): name for name in names}
        # Last, since a whole name counts more than a stem.
        return {**stems, **{name: name for name in names}}


def keep_inputs(out: Path, *inputs: str | Path) -> None:
    """Refuse to write where something is read from.

    Args:
        out (Path): File to write.
        *inputs (str or Path): What is read; may be addresses.

    Raises:
        ValueError: If it is one of them; names it.
    """
    if out.resolve() in (Path(path).expanduser().resolve()
                         for path in inputs):
        raise ValueError(f'{out} is what is read; give the file to write '
                         'another name.')


def sha256(path: str | Path) -> str:
    """Fingerprint of a file, as ``sha256sum`` prints it."""
    with open(path, 'rb') as file:
        return hashlib.sha256(file.read()).hexdigest()


def _holds(question: Callable[[], bool]) -> bool:
    """Answer of a directory entry; no for a link in a circle."""
    try:
        return question()
    except OSError:
        return False
