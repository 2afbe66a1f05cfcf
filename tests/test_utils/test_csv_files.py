import codecs
import math

import pytest

from ipdfer_mm.utils.csv_files import parse_number, read_table, read_text

ROWS = [dict(path='ä.png', expression='happy'),
        dict(path='b, c.png', expression='sad')]
TEXT = 'path,expression\nä.png,happy\n"b, c.png",sad\n'


def read(tmp_path, content: str | bytes, *columns, **kwargs) -> list[dict]:
    file = tmp_path / 't.csv'
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    columns = columns or ('path', 'expression')
    return [row for _, row in read_table(file, columns, **kwargs)]


@pytest.mark.parametrize('content', [
    TEXT.encode(),
    TEXT.replace('\n', '\r\n').encode(),
    TEXT.encode('utf-8-sig'),
    TEXT.encode('utf-16'),
    codecs.BOM_UTF16_BE + TEXT.encode('utf-16-be'),
], ids=['utf-8', 'windows', 'mark', 'utf-16', 'big-endian'])
def test_encodings(tmp_path, content):
    assert read(tmp_path, content) == ROWS


@pytest.mark.parametrize('delimiter', ';\t|')
def test_delimiters(tmp_path, delimiter):
    text = TEXT.replace(',', delimiter).replace(f'b{delimiter}', 'b,')
    assert read(tmp_path, text) == ROWS


@pytest.mark.parametrize('text, rows', [
    ('path, expression\nä.png, happy\n"b, c.png", "sad"\n', ROWS),
    # Kept where the header has none.
    ('path,expression\n a.png,b \n', [dict(path=' a.png', expression='b ')]),
    # Other columns may be named twice.
    ('path,expression,,\na.png,happy,,\n',
     [{'path': 'a.png', 'expression': 'happy', '': ''}]),
    ('Path,path,expression\nX,a.png,happy\n',
     [dict(Path='X', path='a.png', expression='happy')]),
], ids=['blanks after commas', 'other blanks', 'no names', 'capitals'])
def test_headers_and_blanks(tmp_path, text, rows):
    assert read(tmp_path, text) == rows


def test_blank_lines(tmp_path):
    text = '\n  \npath,expression\n\na.png,happy\n,\n \nb.png\n'
    file = tmp_path / 't.csv'
    file.write_text(text)
    rows = read_table(file, ('path', 'expression'))
    assert next(rows) == (
        f'{file}, line 5', dict(path='a.png', expression='happy'))
    with pytest.raises(ValueError, match='line 8: 1 cells.*header has 2'):
        next(rows)


def test_capital_headers(tmp_path):
    text = 'PATH,Expression,Yaw,Notes\na.png,happy,3,x\n'
    assert read(tmp_path, text, optional=('yaw', 'split')) == [
        dict(path='a.png', expression='happy', yaw='3', Notes='x')]


@pytest.mark.parametrize('header', ['path,path,expression',
                                    'PATH,Path,expression'])
def test_ambiguous_headers_are_refused(tmp_path, header):
    with pytest.raises(ValueError, match=r't\.csv: .*column path more than'):
        read(tmp_path, f'{header}\nX,a.png,happy\n')


@pytest.mark.parametrize('content, match', [
    ('path,label\na.png,happy\n', "contain path,expression.*'path,label'"),
    ('', "line 1: the header must contain path,expression, but it is ''"),
    (TEXT.encode('latin-1'), 'not CSV text in UTF-8.*Save it as CSV'),
    (TEXT.encode('utf-16-le'), 'UTF-16 without a byte order mark'),
    (b'PK\x03\x04 and so on', 'Excel workbook.*Save it as CSV'),
    ('path,expression\na.png,happy,1\n', 'line 2: 3 cells'),
], ids=['column', 'empty', 'latin', 'unmarked', 'workbook', 'cells'])
def test_what_cannot_be_read_is_named(tmp_path, content, match):
    with pytest.raises(ValueError, match=rf't\.csv.*{match}'):
        read(tmp_path, content)


def test_exact_header(tmp_path):
    assert read(tmp_path, TEXT, exact=True) == ROWS
    for header in ('expression,path', 'path,expression,yaw'):
        with pytest.raises(ValueError, match='must be exactly path,expr'):
            read(tmp_path, f'{header}\n', exact=True)


def test_header_may_be_missing(tmp_path):
    row = dict(path='a.png', expression='happy')
    for text in ('a.png,happy\n', 'path,expression\na.png,happy\n',
                 'a.png;happy\n'):
        assert read(tmp_path, text, headless=True) == [row]
    with pytest.raises(ValueError, match='must contain path,expression'):
        read(tmp_path, 'a.png,happy,1\n', headless=True)


def test_text(tmp_path):
    file = tmp_path / 'a.txt'
    for encoding in ('utf-8', 'utf-8-sig', 'utf-16'):
        file.write_bytes('ä\n'.encode(encoding))
        assert read_text(file) == 'ä\n'
    file.write_bytes(b'a\n\xe4')
    with pytest.raises(ValueError, match=r'a\.txt, line 2: not text in UTF-8'):
        read_text(file)


def test_numbers():
    assert parse_number(' -1.5 ', 'yaw', 'here') == -1.5
    assert math.isnan(parse_number(' ', 'yaw', 'here'))
    for text in ('x', 'nan', '1e999', '1,5'):
        with pytest.raises(ValueError, match=f'here: column yaw .*{text}'):
            parse_number(text, 'yaw', 'here')
