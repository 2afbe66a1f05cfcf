"""Reading annotation files with errors that say what to mend where."""

import csv
import hashlib
import math
import os
import os.path as osp
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

POINT_COLUMNS = ('leye_x', 'leye_y', 'reye_x', 'reye_y', 'nose_x', 'nose_y',
                 'lmouth_x', 'lmouth_y', 'rmouth_x', 'rmouth_y')


def shorten(names: Sequence[str], limit: int = 10) -> str:
    """Join names for a message and cut a long list short.

    Args:
        names (Sequence[str]): The names.
        limit (int): How many of them are shown.

    Returns:
        str: ``'a, b, c'``, with ``' and 7 more'`` where there are more.
    """
    rest = len(names) - limit
    text = ', '.join(str(name) for name in names[:limit])
    return f'{text} and {rest} more' if rest > 0 else text


def missing_files(paths: Iterable[str]) -> list[str]:
    """Which of many files do not exist.

    Lists each folder once: on 300,000 pictures much faster than asking for
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
                    folders[folder] = {e.name for e in entries if e.is_file()}
        if name not in folders[folder]:
            missing.append(path)
    return missing


class PictureIndex:
    """Finds pictures whose names end in another case or kind than they say.

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
            path (str): Path of a picture, relative to ``data_root``, with
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
        folder = osp.join(self.data_root, folder)
        if not osp.isdir(folder):
            return {}
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries)
        stems = {osp.splitext(name)[0].lower(): name for name in names}
        # Last, since a whole name counts more than a stem.
        return {**stems, **{name: name for name in names}}


def parse_number(text: str, column: str, where: str) -> float:
    """Read one cell that holds a number.

    Args:
        text (str): The cell; empty means unknown.
        column (str): Name of its column, for the error.
        where (str): File and line, for the error.

    Returns:
        float: A finite number, or nan for an empty cell.

    Raises:
        ValueError: If the cell holds anything else.
    """
    if not text.strip():
        return math.nan
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f'{where}: column {column} holds {text!r}; expected '
                         'a finite number, or an empty cell for unknown.')
    return value


def parse_points(cells: Mapping[str, str], where: str) -> np.ndarray | None:
    """Read the five points of a row.

    Args:
        cells (Mapping[str, str]): Column name to cell.
        where (str): File and line, for the error.

    Returns:
        np.ndarray | None: Points of shape (5, 2), or None where all ten cells
        are empty.

    Raises:
        ValueError: If some cells are empty and others not, or one does not
            parse.
    """
    values = np.array(
        [parse_number(cells[name], name, where) for name in POINT_COLUMNS])
    if np.isnan(values).all():
        return None
    if np.isnan(values).any():
        raise ValueError(f'{where}: some of the ten cells {POINT_COLUMNS[0]} '
                         f'to {POINT_COLUMNS[-1]} are empty and others are '
                         'not; give all or none.')
    return values.reshape(5, 2)


def read_text(path: str | Path) -> str:
    """Read a text file.

    Args:
        path (str or Path): The file.

    Returns:
        str: Its text, without a byte order mark.

    Raises:
        ValueError: If it is not text in UTF-8; names file and line.
    """
    content = Path(path).read_bytes()
    try:
        return content.decode('utf-8-sig')
    except UnicodeDecodeError as error:
        line = content.count(b'\n', 0, error.start) + 1
        raise ValueError(f'{path}, line {line}: not text in UTF-8 '
                         f'({error.reason}).') from error


def read_table(path: str,
               columns: Sequence[str],
               exact: bool = False,
               headless: bool = False) -> Iterator[tuple[str, dict[str, str]]]:
    """Read a CSV file row by row.

    Args:
        path (str): The file.
        columns (Sequence[str]): Columns it must have.
        exact (bool): Whether the header must be ``columns`` and nothing else.
        headless (bool): Whether the header may be missing: it is where the
            first cell is not the first of ``columns``, and the cells are then
            ``columns``.

    Yields:
        tuple[str, dict]: File and line for messages, and column name to cell.

    Raises:
        ValueError: If the header is wrong, a row has more or fewer cells than
            it, or the file is not CSV text; names file and line.
    """
    with open(path, encoding='utf-8-sig', newline='') as file:
        reader = csv.reader(file)
        try:
            header, rows = next(reader, []), reader
            if headless and header[:1] != [columns[0]]:
                header, rows = list(columns), chain([header], reader)
            missing = [name for name in columns if name not in header]
            if missing or (exact and header != list(columns)):
                raise ValueError(
                    f'{path}, line 1: the header must '
                    f'{"be exactly" if exact else "contain"} '
                    f'{",".join(columns)}, but it is {",".join(header)!r}.')
            for row in rows:
                where = f'{path}, line {reader.line_num}'
                if len(row) != len(header):
                    raise ValueError(f'{where}: {len(row)} cells, but the '
                                     f'header has {len(header)}.')
                yield where, dict(zip(header, row))
        except (csv.Error, UnicodeDecodeError) as error:
            raise ValueError(f'{path}, after line {reader.line_num}: not CSV '
                             f'text in UTF-8 ({error}).') from error


def sha256(path: str) -> str:
    """Fingerprint of a file.

    Args:
        path (str): The file.

    Returns:
        str: SHA-256 in hexadecimal, as ``sha256sum`` prints it.
    """
    with open(path, 'rb') as file:
        return hashlib.sha256(file.read()).hexdigest()
