"""Tables as Markdown, CSV and LaTeX."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from .csv_files import csv_text

LATEX = {
    **{character: f'\\{character}' for character in '&%$#_{}'},
    '\\': r'\textbackslash{}',
    '~': r'\textasciitilde{}',
    '^': r'\textasciicircum{}',
    '±': r'$\pm$',
    '°': r'$^\circ$',
    '<': '$<$',
    '>': '$>$',
    '−': '$-$',
}


def markdown_table(header: Sequence[str],
                   rows: Iterable[Sequence[str]]) -> str:
    """Write a table as Markdown, all columns but the first to the right."""
    lines = [header, ['---', *['---:'] * (len(header) - 1)], *rows]
    return ''.join(f'| {" | ".join(line)} |\n' for line in lines)


class Spread(NamedTuple):
    """A measure over several seeds.

    Attributes:
        values (tuple[float, ...]): One for each seed.
        with_best (bool): Whether the largest is shown, too.
    """

    values: tuple[float, ...]
    with_best: bool = False

    def __str__(self) -> str:
        """As the paper prints it: the best, the mean and the spread."""
        if len(self.values) < 2:
            return f'{self.values[0]:.2f}' if self.values else '-'
        std = np.std(self.values, ddof=1)
        mean = f'{np.mean(self.values):.2f} ± {std:.2f}'
        return f'{max(self.values):.2f} ({mean})' if self.with_best else mean


Cell = str | int | float | Spread


@dataclass
class TextTable:
    """A table.

    Attributes:
        key (str): For the name of its files.
        title (str): Its title.
        header (list[str]): Names of the columns.
        rows (list[list[Cell]]): A float is shown with two digits after the
            point, nan as a dash.
        notes (list[str]): Sentences below it.
    """

    key: str
    title: str
    header: list[str]
    rows: list[list[Cell]]
    notes: list[str] = field(default_factory=list)

    def markdown(self) -> str:
        """Write it as Markdown, with title and notes."""
        table = markdown_table(
            self.header, [list(map(show, row)) for row in self.rows])
        notes = ''.join(f'- {note}\n' for note in self.notes)
        return f'## {self.title}\n\n{table}' + f'\n{notes}' * bool(notes)

    def csv(self) -> str:
        """Write header and rows as CSV; a :class:`Spread` is several columns.

        Floats are not rounded. The columns of a spread end in ``mean``,
        ``std`` and ``max``.
        """
        wide = [any(isinstance(row[i], Spread) for row in self.rows)
                for i in range(len(self.header))]
        header = [name for title, spread in zip(self.header, wide)
                  for name in (_columns(title) if spread else [title])]
        return csv_text([header, *(
            [value for cell, spread in zip(row, wide)
             for value in (_values(cell) if spread else [cell])]
            for row in self.rows)])

    def latex(self) -> str:
        r"""Write it as a ``table`` with the rules of the package booktabs."""
        lines = [
            '% \\usepackage{booktabs}', '\\begin{table}', '\\centering',
            f'\\caption{{{escape(self.title)}}}',
            f'\\begin{{tabular}}{{l{"r" * (len(self.header) - 1)}}}',
            '\\toprule', _latex_row(self.header), '\\midrule',
            *map(_latex_row, self.rows), '\\bottomrule', '\\end{tabular}',
            '\\end{table}', *(f'% {note}' for note in self.notes)
        ]
        return '\n'.join(lines) + '\n'


def show(cell: Cell) -> str:
    """Write a cell for readers.

    Args:
        cell (Cell): The cell.

    Returns:
        str: Its text.
    """
    if isinstance(cell, float):
        return '-' if np.isnan(cell) else f'{cell:.2f}'
    return str(cell)


def escape(text: str) -> str:
    """Escape what LaTeX takes for commands.

    Args:
        text (str): Any text.

    Returns:
        str: For LaTeX.
    """
    return ''.join(LATEX.get(character, character) for character in text)


def _latex_row(row: Sequence[Cell]) -> str:
    return ' & '.join(escape(show(cell)) for cell in row) + r' \\'


def _columns(title: str) -> list[str]:
    return [f'{title} {name}' for name in ('mean', 'std', 'max')]


def _values(cell: Cell) -> list[str | float]:
    if not isinstance(cell, Spread):  # a note instead of a number
        return ['' if cell == '-' else cell, '', '']
    if not cell.values:
        return ['', '', '']
    std = float(np.std(cell.values, ddof=1)) if len(cell.values) > 1 else ''
    return [float(np.mean(cell.values)), std, max(cell.values)]
