"""The words that people name expressions by, and folders named so."""

import os
import os.path as osp
from collections.abc import Iterator

WORDS = {
    'anger': ('anger', 'angry'),
    'disgust': ('disgust', 'disgusted'),
    'fear': ('fear', 'fearful', 'afraid', 'scared'),
    'happiness': ('happiness', 'happy'),
    'neutral': ('neutral', ),
    'sadness': ('sadness', 'sad'),
    'surprise': ('surprise', 'surprised', 'suprise'),
    'contempt': ('contempt', 'contemptuous'),
}
_NAMES = {word: name for name, words in WORDS.items() for word in words}
PICTURE_ENDINGS = ('.bmp', '.jpeg', '.jpg', '.pgm', '.png', '.ppm', '.tif',
                   '.tiff', '.webp')


def expression_name(word: str) -> str | None:
    """Class that a word stands for.

    Args:
        word (str): Such as ``'Happy'``; case and spaces around do not matter.

    Returns:
        str | None: Such as ``'happiness'``; None for an unknown word.
    """
    return _NAMES.get(word.strip().lower())


def is_picture(name: str) -> bool:
    """Whether the name of a file ends like that of a picture, in any case."""
    return name.lower().endswith(PICTURE_ENDINGS) and name[0] != '.'


def subfolders(folder: str) -> list[str]:
    """Names of the folders in a folder, sorted.

    Hidden ones and the ``__MACOSX`` that some archives leave are left out.

    Args:
        folder (str): The folder.

    Returns:
        list[str]: The names; empty where the folder does not exist.
    """
    if not osp.isdir(folder):
        return []
    with os.scandir(folder) as entries:
        return sorted(
            entry.name for entry in entries if entry.is_dir()
            and entry.name[0] != '.' and entry.name != '__MACOSX')


def class_folders(folder: str) -> dict[str, str]:
    """Folders in a folder that are named by an expression.

    Args:
        folder (str): The folder.

    Returns:
        dict[str, str]: Name of each folder to its class, such as
        ``{'Angry': 'anger'}``, sorted by folder.
    """
    names = {name: expression_name(name) for name in subfolders(folder)}
    return {name: known for name, known in names.items() if known}


def walk_files(data_root: str, folder: str) -> Iterator[str]:
    """All files in a folder and below, sorted within each folder.

    Args:
        data_root (str): What the paths are relative to.
        folder (str): The folder, relative to it, with forward slashes;
            empty for all of it.

    Yields:
        str: Path of a file, relative to ``data_root``, with forward slashes.
    """
    with os.scandir(osp.join(data_root, folder)) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        path = f'{folder}/{entry.name}' if folder else entry.name
        if entry.is_dir():
            yield from walk_files(data_root, path)
        else:
            yield path
