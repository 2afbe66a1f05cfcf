"""The manifest: what `tools/prepare_dataset.py` found out about images.

One CSV per prepared dataset, one row per image, keyed by the path of the
image relative to the data root; an unknown value is an empty cell. Labels
are not in it: they always come from the official files.
"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
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


class ManifestRules(NamedTuple):
    """Which images of a manifest are read.

    Attributes:
        only_flag (str, optional): Only those that are flagged so.
        drop_flags (tuple[str, ...]): None of those that are flagged so.
        drop_duplicates (bool): None whose pixels are in another split, or
            earlier in this one.
        drop_unprepared (bool): Whether images without a row are left out;
            else they are an error.
    """

    only_flag: str | None = None
    drop_flags: tuple[str, ...] = ()
    drop_duplicates: bool = False
    drop_unprepared: bool = False

    @property
    def need_duplicates(self) -> bool:
        """Whether the preparation must have looked for duplicates."""
        return self.drop_duplicates or any(
            map(_is_duplicate_flag, self.drop_flags))

    def reason_to_drop(self, flags: Sequence[str]) -> str | None:
        """Why an image with such flags is left out; None if it is not."""
        if self.only_flag is not None and self.only_flag not in flags:
            return f'Not flagged {self.only_flag}, left out'
        for flag in flags:
            if flag in self.drop_flags or (
                    self.drop_duplicates and _is_duplicate_flag(flag)):
                return f'Flagged {flag}, left out'
        return None


def _is_duplicate_flag(flag: str) -> bool:
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


def join_manifest(samples: Sequence[dict], manifest: str,
                  rules: ManifestRules,
                  note: Callable[[str, str], None]) -> list[dict]:
    """Replace images and yaw of samples by those of a manifest.

    Args:
        samples (Sequence[dict]): Samples with ``img_path`` and perhaps
            ``neutral_img_path``, relative to the data root.
        manifest (str): The manifest.
        rules (ManifestRules): Which of them are left out.
        note (Callable[[str, str], None]): Told what is left out or flagged:
            what happens, and the image.

    Returns:
        list[dict]: The samples with the paths of the aligned images, the
        manifest's ``yaw``, ``aligned=True``, its ``flags`` if it knows
        duplicates (not known is not none), and without ``landmarks``, which
        are those of the image before alignment.

    Raises:
        ValueError: If images have no row in the manifest, which are named, or
            duplicates are to be left out that it does not know.
    """
    rows = read_manifest(manifest)
    absent = [sample[key] for sample in samples
              for key in image_keys(sample) if sample[key] not in rows]
    if absent and not rules.drop_unprepared:
        raise ValueError(
            f'{manifest} has no row for {len(absent)} images: '
            f'{shorten(absent)}. {REPAIR} Those in unreadable.txt are left '
            'out with drop_unprepared=True.')
    has_duplicate_flags = knows_duplicates(manifest)
    if rules.need_duplicates and not has_duplicate_flags:
        raise ValueError(
            f'{manifest} was made by a version that did not look for '
            f'duplicates, which are to be left out. {REPAIR}')
    joined = []
    for sample in samples:
        new = _join_row(sample, rows, rules, note)
        if new is not None:
            if not has_duplicate_flags:
                del new['flags']
            joined.append(new)
    return joined


def _join_row(sample: dict, rows: Mapping[str, ManifestRow],
              rules: ManifestRules,
              note: Callable[[str, str], None]) -> dict | None:
    keys = image_keys(sample)
    if any(sample[key] not in rows for key in keys):
        note('Without a row in the manifest, left out', sample['img_path'])
        return None
    row = rows[sample['img_path']]
    reason = rules.reason_to_drop(row.flags)
    if reason is not None:
        note(reason, row.aligned_path)
        return None
    for flag in row.flags:
        note(f'Flagged {flag} in the manifest, kept', row.aligned_path)
    new = {**sample, 'yaw': row.yaw, 'flags': row.flags, 'aligned': True}
    new.pop('landmarks', None)
    for key in keys:
        new[key] = rows[sample[key]].aligned_path
    return new


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
