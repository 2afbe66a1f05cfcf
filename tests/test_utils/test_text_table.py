"""The same table in three formats."""

import csv
import io

import pytest

from ipdfer_mm.utils.text_table import Spread, TextTable, escape


@pytest.fixture
def table():
    return TextTable(
        'key', 'a & b', ['name', 'accuracy', 'F1', 'p'],
        [['x_1', Spread((80., 82., 87.), True), 1.234, '0.5'],
         ['y', Spread((80.125, ), True), float('nan'), '-'],
         ['z', Spread(()), 3, '< 1 %']], ['A note.'])


def test_spread_as_the_paper_prints_it():
    # Mean 83; squares of the deviations 9, 1, 16: 26 / 2 = 13.
    assert str(Spread((80., 82., 87.), True)) == '87.00 (83.00 ± 3.61)'
    assert str(Spread((80., 82., 87.))) == '83.00 ± 3.61'
    assert str(Spread((80., ), True)) == '80.00'
    assert str(Spread(())) == '-'


def test_markdown(table):
    assert table.markdown() == (
        '## a & b\n\n'
        '| name | accuracy | F1 | p |\n'
        '| --- | ---: | ---: | ---: |\n'
        '| x_1 | 87.00 (83.00 ± 3.61) | 1.23 | 0.5 |\n'
        '| y | 80.12 | - | - |\n'
        '| z | - | 3 | < 1 % |\n\n'
        '- A note.\n')


def test_csv_keeps_numbers(table):
    rows = list(csv.DictReader(io.StringIO(table.csv())))
    assert rows[0] == {
        'name': 'x_1', 'accuracy mean': '83.0',
        'accuracy std': str(13**0.5), 'accuracy max': '87.0',
        'F1': '1.234', 'p': '0.5'}
    assert rows[1]['accuracy std'] == '' and rows[2]['accuracy mean'] == ''


def test_latex(table):
    text = table.latex()
    assert r'\caption{a \& b}' in text and r'\begin{tabular}{lrrr}' in text
    assert r'x\_1 & 87.00 (83.00 $\pm$ 3.61) & 1.23 & 0.5 \\' in text
    assert r'z & - & 3 & $<$ 1 \% \\' in text
    assert text.count('{') == text.count('}')
    assert escape('50 % of a_b') == r'50 \% of a\_b'
