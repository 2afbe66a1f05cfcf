"""The files of FERPlus and FER2013: votes, their rules, and pixels.

``fer2013new.csv`` of FERPlus holds the votes, ``fer2013.csv`` of FER2013 the
pixels. Both have one row for each of the same 35,887 images in the same
order, and nothing else joins them: the names in the first one count only the
rows that have a name, and four names stand in two rows.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from mmengine.logging import print_log
from tqdm import tqdm

from ipdfer_mm.utils.atomic import write_atomically
from ipdfer_mm.utils.csv_files import read_table
from ipdfer_mm.utils.images import to_png

EMOTIONS = ('neutral', 'happiness', 'surprise', 'sadness', 'anger', 'disgust',
            'fear', 'contempt')
UNKNOWN = 'unknown'
NO_FACE = 'NF'
CHOICES = (*EMOTIONS, UNKNOWN, NO_FACE)
COLUMNS = ('Usage', 'Image name', *CHOICES)
USAGES = ('Training', 'PublicTest', 'PrivateTest')
RULES = ('majority', 'argmax', 'soft')
NAME = re.compile(r'fer\d+\.png')
VOTE = re.compile(r'[0-9]{1,3}')
SIDE = 48
ADVICE = ('images are written into this folder: choose a data_root that '
          'can be written')


class VoteRow(NamedTuple):
    """One row of ``fer2013new.csv``.

    Attributes:
        line (int): Its line in the file.
        usage (str): One of :data:`USAGES`.
        name (str): Name of the image, empty where there is none.
        votes (tuple[int, ...]): How many annotators chose each of
            :data:`CHOICES`.
    """

    line: int
    usage: str
    name: str
    votes: tuple[int, ...]


def read_votes(path: str) -> list[VoteRow]:
    """Read ``fer2013new.csv``.

    Args:
        path (str): The file.

    Returns:
        list[VoteRow]: All its rows, in order.

    Raises:
        ValueError: If a cell does not parse; names file and line.
    """
    rows = []
    for line, (where, cells) in enumerate(read_table(path, COLUMNS), 2):
        usage, name = cells['Usage'].strip(), cells['Image name'].strip()
        if usage not in USAGES:
            raise ValueError(f'{where}: Usage is {usage!r}, not one of '
                             f'{", ".join(USAGES)}.')
        if name and not NAME.fullmatch(name):
            raise ValueError(f'{where}: the name {name!r} is not of the form '
                             'fer0000000.png.')
        votes = [cells[choice].strip() for choice in CHOICES]
        if not all(map(VOTE.fullmatch, votes)):
            raise ValueError(f'{where}: the votes {",".join(votes)} are not '
                             'ten whole numbers.')
        rows.append(VoteRow(line, usage, name, tuple(map(int, votes))))
    return rows


def count_votes(votes: Sequence[int]) -> tuple[int, ...]:
    """Votes that count: a choice of one annotator alone is an outlier.

    Args:
        votes (Sequence[int]): Votes for each of :data:`CHOICES`.

    Returns:
        tuple[int, ...]: The same, 1 replaced by 0.
    """
    return tuple(vote if vote > 1 else 0 for vote in votes)


def elect(votes: Sequence[int], majority: bool) -> str | None:
    """Choice that wins the votes that count.

    Args:
        votes (Sequence[int]): Votes for each of :data:`CHOICES`.
        majority (bool): Whether more than half of the votes that count must
            be for it. If not, the first of the file's order wins a tie.

    Returns:
        str | None: One of :data:`CHOICES`; None without a majority, or if no
        vote counts.
    """
    votes = count_votes(votes)
    most = max(votes)
    if most == 0 or (majority and 2 * most <= sum(votes)):
        return None
    return CHOICES[votes.index(most)]


def is_tie(votes: Sequence[int]) -> bool:
    """Whether several choices share the largest number of votes."""
    return list(votes).count(max(votes)) > 1


def emotion_shares(votes: Sequence[int]) -> dict[str, int]:
    """Votes that count for each of the eight emotions, by name."""
    return dict(zip(EMOTIONS, count_votes(votes)))


def export_images(pixel_file: str, rows: Sequence[VoteRow], folder: str,
                  names: set[str]) -> None:
    """Write images of ``fer2013.csv`` under their names in FERPlus.

    Can be killed and started again, and run twice at the same time. Of two
    rows with one name the later one stays, as with FERPlus's own code.

    Args:
        pixel_file (str): ``fer2013.csv``.
        rows (Sequence[VoteRow]): All rows of ``fer2013new.csv``.
        folder (str): Where to; made where it is missing.
        names (set[str]): Names of the images to write.

    Raises:
        OSError: If the folder or an image cannot be written.
        ValueError: If the rows of the two files do not belong together, or
            pixels do not parse; names file and line. Nothing is written in
            the first case.
    """
    _check_order(pixel_file, rows)
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise OSError(error.errno, f'{error.strerror}; {ADVICE}',
                      folder) from error
    print_log(f'Writing {len(names)} images of {pixel_file} into {folder}.',
              logger='current')
    with tqdm(total=len(names), unit='image', disable=None) as progress:
        for row, (where, cells) in zip(
                rows, read_table(pixel_file, ('Usage', 'pixels'))):
            if row.name in names:
                image = _parse_pixels(cells['pixels'], where)
                write_atomically(Path(folder, row.name), to_png(image),
                                 ADVICE)
                progress.update()


def _check_order(pixel_file: str, rows: Sequence[VoteRow]) -> None:
    count = 0
    for where, cells in read_table(pixel_file, ('Usage', 'pixels')):
        count += 1
        usage = rows[count - 1].usage if count <= len(rows) else 'the end'
        if cells['Usage'].strip() != usage:
            raise ValueError(
                f'{where}: Usage is {cells["Usage"]!r}, but row {count} of '
                f"FERPlus's fer2013new.csv says {usage!r}. Only the order of "
                'the rows joins the two files; download both again.')
    if count != len(rows):
        raise ValueError(
            f'{pixel_file} has {count} rows, but fer2013new.csv has '
            f'{len(rows)}. Only the order of the rows joins the two files; '
            'download both again.')


def _parse_pixels(text: str, where: str) -> np.ndarray:
    try:
        pixels = np.array(text.split(), dtype=np.int64)
    except (ValueError, OverflowError):
        pixels = np.array([])
    if pixels.size != SIDE * SIDE or pixels.min() < 0 or pixels.max() > 255:
        raise ValueError(f'{where}: the pixels are not {SIDE * SIDE} whole '
                         'numbers from 0 to 255.')
    return pixels.astype(np.uint8).reshape(SIDE, SIDE)
