"""Lists of images as flags of the manifest."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath

from ipdfer_mm.datasets.manifest import ALSO_IN
from ipdfer_mm.utils.csv_files import read_text

from .face_choice import MEANINGS


def read_name_list(file: str) -> list[str]:
    """Read a list of images, one name a line.

    Such as the lists of images with a pose over 30 or 45 degrees of `RAN
    <https://github.com/kaiwang960112/Challenge-condition-FER-dataset>`_,
    whose lines are ``3/test_0004_aligned.jpg``. Folders and endings do not
    count: copies of a dataset differ in them.

    Args:
        file (str): The list.

    Returns:
        list[str]: Names without folder and ending, each once.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the list is empty or no text; names it.
    """
    lines = read_text(file).splitlines()
    names = [PurePosixPath(line.strip()).stem for line in lines
             if line.strip()]
    if not names:
        raise ValueError(f'{file} names no image.')
    return list(dict.fromkeys(names))


def check_flag(name: str) -> str:
    """Check a flag's name.

    Args:
        name (str): The name.

    Returns:
        str: The same.

    Raises:
        ValueError: If it is no word, or one that preparation uses itself.
    """
    if not name.isidentifier() or name in MEANINGS or (
            name.startswith(ALSO_IN)):
        raise ValueError(f'The name {name!r} of a list must be a word of '
                         f'letters, digits and _, and none of '
                         f'{", ".join(MEANINGS)}.')
    return name


def flag_rows(rows: Sequence[list[str]], flag: str,
              names: Sequence[str]) -> list[str]:
    """Add a flag to rows of a manifest whose image is on a list.

    Args:
        rows (Sequence[list[str]]): Cells of the rows, changed in place: the
            first is the path and the last the flags.
        flag (str): The flag.
        names (Sequence[str]): From :func:`read_name_list`.

    Returns:
        list[str]: Names that no row has, in the order of the list.
    """
    by_stem = defaultdict(list)
    for row in rows:
        by_stem[PurePosixPath(row[0]).stem].append(row)
    for name in names:
        for row in by_stem.get(name, ()):
            add_flags(row, [flag])
    return [name for name in names if name not in by_stem]


def add_flags(row: list[str], flags: Sequence[str]) -> None:
    """Add flags to the last cell of a manifest's row."""
    row[-1] = ';'.join(filter(None, [row[-1], *flags]))
