"""Text and CSV files of users, with errors that say what to fix where."""

import codecs
import csv
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, product
from pathlib import Path
from typing import Any, TextIO

DELIMITERS = (',', ';', '\t', '|')
# Excel's "Unicode text" is UTF-16.
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF16_LE: 'utf-16',
    codecs.BOM_UTF16_BE: 'utf-16',
    codecs.BOM_UTF8: 'utf-8-sig',
}
# First bytes of files that are given for text by mistake.
OTHER_FORMATS = {
    b'PK\x03\x04': 'an Excel workbook or another archive',
    b'\xd0\xcf\x11\xe0': 'a workbook of old Excel',
    b'\x1f\x8b': 'a gzip archive',
}


def csv_text(rows: Iterable[Sequence]) -> str:
    """Write rows, of which the first is the header, as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator='\n').writerows(rows)
    return text.getvalue()


def read_text(path: str | Path) -> str:
    """Read a text file.

    Args:
        path (str or Path): The file, in UTF-8, or in UTF-16 with a byte order
            mark.

    Returns:
        str: Its text, without a byte order mark.

    Raises:
        ValueError: If it is no such text; names file and line.
    """
    encoding = _find_encoding(path)
    content = Path(path).read_bytes()
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b'\n', 0, error.start) + 1
        raise ValueError(f'{path}, line {line}: not text in UTF-8 '
                         f'({error.reason}). Save it as UTF-8.') from error


def read_table(path: str | Path,
               columns: Sequence[str],
               optional: Sequence[str] = (),
               exact: bool = False,
               headless: bool = False) -> Iterator[tuple[str, dict[str, str]]]:
    """Read a CSV file row by row.

    The delimiter may be a comma, semicolon, tab or bar, the text UTF-8 or
    UTF-16 with a byte order mark. Names in the header count without case and
    blanks around them; where these follow the delimiters there, they are left
    out in the rows, too. Blank lines are passed over.

    Args:
        path (str or Path): The file.
        columns (Sequence[str]): Columns it must have.
        optional (Sequence[str]): Columns it may have.
        exact (bool): Whether the header must be ``columns`` and nothing else.
        headless (bool): Whether the header may be missing: it is where the
            first row has as many cells as there are columns, and not their
            names.

    Yields:
        tuple[str, dict]: File and line for messages, and column name to cell.

    Raises:
        ValueError: If the header is wrong, a row has more or fewer cells than
            it, or the file is not CSV text; names file and line.
    """
    with open(path, encoding=_find_encoding(path), newline='') as file:
        try:
            reader, header, first = _read_header(
                file, path, columns, optional, exact, headless)
            for row in chain(first, _not_blank(reader)):
                where = f'{path}, line {reader.line_num}'
                if len(row) != len(header):
                    raise ValueError(f'{where}: {len(row)} cells, but the '
                                     f'header has {len(header)}.')
                yield where, dict(zip(header, row))
        except (csv.Error, UnicodeDecodeError) as error:
            raise ValueError(f'{path}: not CSV text in UTF-8 ({error}). Save '
                             'it as CSV, in UTF-8.') from error


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


def refuse_twice(seen: dict[str, str], name: str, where: str,
                 advice: str = 'remove one of the two') -> None:
    """Refuse a second row for the same thing.

    Args:
        seen (dict[str, str]): Where each name stands first; it is added.
        name (str): The name.
        where (str): File and line.
        advice (str): What the error says in the end.

    Raises:
        ValueError: If the name was seen before.
    """
    first = seen.setdefault(name, where)
    if first != where:
        raise ValueError(f'{where}: {name} is already in {first}; {advice}.')


def _find_encoding(path: str | Path) -> str:
    with open(path, 'rb') as file:
        start = file.read(64)
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if start.startswith(mark):
            return encoding
    for mark, kind in OTHER_FORMATS.items():
        if start.startswith(mark):
            raise ValueError(f'{path} is {kind}, not text. Save it as CSV, '
                             'in UTF-8.')
    if b'\0' in start:
        raise ValueError(f'{path} is not text in UTF-8; it looks like UTF-16 '
                         'without a byte order mark. Save it as UTF-8.')
    return 'utf-8'


def _not_blank(rows: Iterable[list[str]]) -> Iterator[list[str]]:
    return (row for row in rows if any(map(str.strip, row)))


def _read_header(
    file: TextIO, path: str | Path, columns: Sequence[str],
    optional: Sequence[str], exact: bool, headless: bool
) -> tuple[Any, list[str], list[list[str]]]:
    """Find the delimiter: reader, names, and the first row if it has none."""
    shown: list[str] = []
    for delimiter, blanks in product(DELIMITERS, (False, True)):
        file.seek(0)
        reader = csv.reader(
            file, delimiter=delimiter, skipinitialspace=blanks)
        cells = next(_not_blank(reader), [])
        if not blanks and any(cell[:1] == ' ' for cell in cells[1:]):
            continue  # blanks follow the delimiters
        names = _match(cells, (*columns, *optional), path)
        if names == list(columns) or (
                not exact and set(columns) <= set(names)):
            return reader, names, []
        if headless and len(cells) == len(columns):
            return reader, list(columns), [cells]
        shown = shown or cells
    raise ValueError(
        f'{path}, line 1: the header must '
        f'{"be exactly" if exact else "contain"} {",".join(columns)}, but it '
        f'is {",".join(shown)!r}.')


def _match(cells: Sequence[str], known: Sequence[str],
           path: str | Path) -> list[str]:
    """Names in a header, in our spelling where they are known."""
    cells = [cell.strip() for cell in cells]
    spelled = {name.lower(): name for name in known if name not in cells}
    names = [spelled.get(cell.lower(), cell) for cell in cells]
    twice = [name for name in known if names.count(name) > 1]
    if twice:
        raise ValueError(f'{path}: the header has the column {twice[0]} more '
                         'than once; rename or remove one.')
    return names
