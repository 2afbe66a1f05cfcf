"""The files of the two releases of AffectNet.

The one of 2017 lists images in CSV files, with the box of the face and 68
landmarks in pixels of the image. The later one has a crop and four tiny
``.npy`` files for each face; as reading 290,000 of them is slow, their labels
are kept in one file.
"""

import hashlib
import json
import logging
import math
import os
import os.path as osp
import tokenize
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from mmengine.logging import print_log
from tqdm import tqdm

from ipdfer_mm.geometry import (
    ARCFACE_TEMPLATE,
    five_points,
    similarity_transform,
)
from ipdfer_mm.utils.atomic import write_atomically
from ipdfer_mm.utils.csv_files import parse_number, read_table
from ipdfer_mm.utils.files import walk_files

LABELS = ('neutral', 'happiness', 'sadness', 'surprise', 'fear', 'disgust',
          'anger', 'contempt', 'none', 'uncertain', 'no face')
# Those that name an expression; the rest are 8 to 10.
NUM_EXPRESSIONS = 8
COLUMNS = ('subDirectory_filePath', 'face_x', 'face_y', 'face_width',
           'face_height', 'facial_landmarks', 'expression', 'valence',
           'arousal')
BOX = COLUMNS[1:5]
ENDING = '_exp.npy'
CACHE = 'labels.ipdfer_mm.json'


class ListRow(NamedTuple):
    """One row of a list of the release of 2017.

    Attributes:
        path (str): Image, relative to the folder of images.
        label (int): Position in :data:`LABELS`.
        cells (Mapping[str, str]): Column name to cell.
        where (str): File and line, for messages.
    """

    path: str
    label: int
    cells: Mapping[str, str]
    where: str


def parse_label(value: Any, where: str) -> int:
    """Read a label, which may be stored as a number or as text.

    Args:
        value (Any): Such as 3, 3.0, ``'3'`` or ``'3.0'``.
        where (str): Where it stands, for the error.

    Returns:
        int: Position in :data:`LABELS`.

    Raises:
        ValueError: If it is anything else.
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if number not in range(len(LABELS)):
        raise ValueError(f'{where}: the label {value!r} is not one of 0 to 10 '
                         '(0 neutral, 1 happiness, ... 10 no face).')
    return int(number)


def read_list(path: str) -> Iterator[ListRow]:
    """Read ``training.csv`` or ``validation.csv``, with a header or without.

    Args:
        path (str): The file.

    Yields:
        ListRow: Row by row.

    Raises:
        ValueError: If a row does not parse; names file and line.
    """
    for where, cells in read_table(path, COLUMNS, headless=True):
        image = cells['subDirectory_filePath'].strip()
        if not image:
            raise ValueError(f'{where}: the path of the image is empty.')
        yield ListRow(image, parse_label(cells['expression'], where), cells,
                      where)


def parse_box(row: ListRow) -> tuple[float, ...] | None:
    """Read the box of a face.

    Args:
        row (ListRow): The row.

    Returns:
        tuple[float, ...] | None: x and y of the upper left corner, width and
        height, in pixels; None where a cell is empty or NULL, a corner is
        negative, or the box is empty.

    Raises:
        ValueError: If a cell holds anything else; names file and line.
    """
    cells = (row.cells[name].strip() for name in BOX)
    x, y, width, height = (
        parse_number('' if cell == 'NULL' else cell, name, row.where)
        for name, cell in zip(BOX, cells))
    # False for nan, too.
    valid = x >= 0 and y >= 0 and width > 0 and height > 0
    return (x, y, width, height) if valid else None


def parse_landmarks(row: ListRow) -> np.ndarray | None:
    """Read the 68 landmarks of a face as five points that can be aligned.

    Args:
        row (ListRow): The row.

    Returns:
        np.ndarray | None: Points in pixels, shape (5, 2); None where there
        are not 68 landmarks, or they are mirrored as in full profile.
    """
    try:
        values = np.array(row.cells['facial_landmarks'].split(';'), float)
        points = five_points(values.reshape(68, 2))
        similarity_transform(points, ARCFACE_TEMPLATE)
    except ValueError:
        return None
    return points


def box_points(box: tuple[float, ...]) -> np.ndarray:
    """Five points that alignment cuts the square around a box by.

    Args:
        box (tuple[float, ...]): x, y, width and height in pixels.

    Returns:
        np.ndarray: Points in pixels, shape (5, 2).
    """
    x, y, width, height = box
    side = max(width, height)
    corner = (x + (width - side) / 2, y + (height - side) / 2)
    return ARCFACE_TEMPLATE * (side / 112) + corner


def read_labels(folder: str) -> dict[str, int]:
    """Labels of a split of the later release, cached.

    The cache, ``labels.ipdfer_mm.json`` in the folder, holds as long as the
    names in ``annotations`` and that folder's time of change are the same.
    It may be deleted. Where it cannot be written, a warning says so.

    Args:
        folder (str): Folder with ``annotations/<id>_exp.npy``.

    Returns:
        dict[str, int]: Id of each face to its position in :data:`LABELS`,
        sorted by id.

    Raises:
        FileNotFoundError: If there is no folder ``annotations``.
        ValueError: If a file does not hold one label; names it.
    """
    annotations = osp.join(folder, 'annotations')
    if not osp.isdir(annotations):
        raise FileNotFoundError(f'{annotations} is no folder.')
    ids = [name[:-len(ENDING)] for name in walk_files(annotations)
           if name.endswith(ENDING)]
    ids.sort(key=lambda name: (len(name), name))
    cache = Path(folder, CACHE)
    key = _fingerprint(annotations, ids)
    labels = _read_cache(cache, key)
    if labels is None:
        print_log(f'Reading {len(ids)} labels in {annotations}.',
                  logger='current')
        labels = {
            name: _read_label(osp.join(annotations, f'{name}{ENDING}'))
            for name in tqdm(ids, unit='label', disable=None)
        }
        _write_cache(cache, key, labels)
    return labels


def _read_label(path: str) -> int:
    try:
        # Not np.load, which also opens archives.
        with open(path, 'rb') as file:
            values = np.lib.format.read_array(file).reshape(-1)
    # What damaged headers raise: unbounded sizes, broken Python text.
    except (ValueError, EOFError, MemoryError, OverflowError, SyntaxError,
            TypeError, tokenize.TokenError) as error:
        raise ValueError(f'{path} is no numpy file of numbers or text '
                         f'({error}). Unpack it again.') from error
    if values.size != 1:
        raise ValueError(f'{path} holds {values.size} values, but must hold '
                         'one label.')
    return parse_label(values[0], path)


def _fingerprint(annotations: str, ids: list[str]) -> list:
    names = hashlib.sha256('\n'.join(ids).encode()).hexdigest()
    return [len(ids), names, os.stat(annotations).st_mtime_ns]


def _read_cache(cache: Path, key: list) -> dict[str, int] | None:
    try:
        content = json.loads(cache.read_text())
        return content['labels'] if content['key'] == key else None
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        print_log(f'{cache} cannot be read ({error!r}) and is made anew.',
                  logger='current', level=logging.WARNING)
        return None


def _write_cache(cache: Path, key: list, labels: dict[str, int]) -> None:
    try:
        write_atomically(
            cache,
            json.dumps(dict(key=key, labels=labels), indent=0).encode(),
            'the labels are read anew each time')
    except OSError as error:
        print_log(f'Labels are not kept: {error}', logger='current',
                  level=logging.WARNING)
