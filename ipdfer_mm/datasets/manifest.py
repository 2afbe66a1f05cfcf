"""The manifest: what `tools/prepare_dataset.py` found out about images.

One CSV per prepared dataset, one row per image, keyed by the path of the
image relative to the data root; an unknown value is an empty cell. Labels
are not in it: they always come from the official files.
"""

import json
import os
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from ipdfer_mm.geometry.five_points import POINT_COLUMNS, parse_points
from ipdfer_mm.utils.csv_files import (
    parse_number,
    read_table,
    read_text,
    refuse_twice,
)
from ipdfer_mm.utils.files import sha256
from ipdfer_mm.utils.messages import shorten

HEADER = ('path', 'aligned_path', 'yaw', 'pitch', 'roll', 'score',
          *POINT_COLUMNS, 'flags')
# An image with the same pixels is in another split (whose name follows), or
# earlier in this one.
ALSO_IN = 'also_in_'
REPEATED = 'repeated'
REPAIR = 'Run tools/prepare_dataset.py again.'


class ManifestRow(NamedTuple):
    """One row of a manifest.

    Attributes:
        aligned_path (str): Aligned image, relative to the data root.
        yaw (float): Signed yaw of the head in degrees, positive where the
            nose points to the left of the image; nan where unknown, as for
            the next three.
        pitch (float): Pitch in degrees.
        roll (float): Roll in degrees.
        score (float): Confidence of the face detector.
        points (np.ndarray, optional): Five points in pixels of the image
            before alignment, shape (5, 2).
        flags (tuple[str]): Remarks, separated by ``;`` in the file.
    """

    aligned_path: str
    yaw: float
    pitch: float
    roll: float
    score: float
    points: np.ndarray | None
    flags: tuple


def image_keys(sample: Mapping) -> list[str]:
    """Keys of a sample that hold the path of an image."""
    return [key for key in ('img_path', 'neutral_img_path') if key in sample]


def is_duplicate_flag(flag: str) -> bool:
    """Whether a flag says that the same image is there once more."""
    return flag == REPEATED or flag.startswith(ALSO_IN)


def knows_duplicates(manifest: str) -> bool:
    """Whether the preparation has looked for the same image elsewhere.

    Args:
        manifest (str): The manifest; ``recipe.json`` lies beside it.

    Returns:
        bool: False for manifests of format 1, which have no such flags. True
        without a recipe, as for a manifest made by other means.

    Raises:
        ValueError: If the recipe is not as it was written; names the file.
    """
    recipe = os.path.join(os.path.dirname(manifest), 'recipe.json')
    if not os.path.isfile(recipe):
        return True
    try:
        return json.loads(read_text(recipe)).get('format', 2) >= 2
    except (ValueError, AttributeError, TypeError) as error:
        raise ValueError(f'{recipe} is damaged ({error}). {REPAIR}') from error


def read_manifest(path: str) -> dict[str, ManifestRow]:
    """Read a manifest.

    Args:
        path (str): The CSV file; its header is exactly :data:`HEADER`.

    Returns:
        dict[str, ManifestRow]: Path of each image, relative to the data
        root, to its row.

    Raises:
        ValueError: If the header is wrong, a cell does not parse, a path is
            empty or appears twice; names file and line.
    """
    rows: dict[str, ManifestRow] = {}
    lines: dict[str, str] = {}
    for where, cells in read_table(path, HEADER, exact=True):
        for column in ('path', 'aligned_path'):
            name = cells[column]
            if not name:
                raise ValueError(f'{where}: {column} is empty. {REPAIR}')
            refuse_twice(lines, f'{column} {name}', where,
                         'run tools/prepare_dataset.py again')
        rows[cells['path']] = _parse_row(cells, where)
    return rows


def _parse_row(cells: Mapping[str, str], where: str) -> ManifestRow:
    numbers = [
        parse_number(cells[name], name, where)
        for name in ('yaw', 'pitch', 'roll', 'score')
    ]
    flags = tuple(flag for flag in cells['flags'].split(';') if flag)
    return ManifestRow(cells['aligned_path'], *numbers,
                       parse_points(cells, where), flags)


def join_manifest(
        samples: list[dict],
        manifest: str,
        leave_out: Callable[[str], None] | None = None) -> list[dict]:
    """Replace images and yaw of samples by those of a manifest.

    Args:
        samples (list[dict]): Samples with ``img_path`` and perhaps
            ``neutral_img_path``, relative to the data root.
        manifest (str): The manifest.
        leave_out (Callable[[str], None], optional): Told the image of each
            sample that is left out, as it has no row. Defaults to None: such
            a sample is an error.

    Returns:
        list[dict]: The samples with the paths of the aligned images, the
        manifest's ``yaw`` and ``flags``, ``aligned=True``, and without
        ``landmarks``, which are those of the image before alignment.

    Raises:
        ValueError: If images have no row in the manifest; names them.
    """
    rows = read_manifest(manifest)
    joined, absent = [], []
    for sample in samples:
        keys = image_keys(sample)
        without_row = [sample[key] for key in keys if sample[key] not in rows]
        if without_row:
            absent += without_row
            if leave_out is not None:
                leave_out(sample['img_path'])
            continue
        row = rows[sample['img_path']]
        new = {**sample, 'yaw': row.yaw, 'flags': row.flags, 'aligned': True}
        new.pop('landmarks', None)
        for key in keys:
            new[key] = rows[sample[key]].aligned_path
        joined.append(new)
    if absent and leave_out is None:
        raise ValueError(
            f'{manifest} has no row for {len(absent)} images: '
            f'{shorten(absent)}. {REPAIR} Those in unreadable.txt are left '
            'out with drop_unprepared=True.')
    return joined


def recipe_hash(manifest: str) -> str | None:
    """Fingerprint of how a dataset was prepared.

    Args:
        manifest (str): The manifest; ``recipe.json`` lies beside it.

    Returns:
        str | None: SHA-256 of that file in hexadecimal, as ``sha256sum``
        prints it, or None where there is none.
    """
    recipe = os.path.join(os.path.dirname(manifest), 'recipe.json')
    if not os.path.isfile(recipe):
        return None
    return sha256(recipe)
