"""Trees of folders and tables as users have them, whatever they are like."""

import csv
import io
import os
from pathlib import Path

from helpers.damage import fuzz
from hypothesis import given
from hypothesis import strategies as st

from ipdfer_mm.utils.csv_files import read_table
from ipdfer_mm.utils.files import is_image, walk_files

NAMES = st.sampled_from([
    'a', 'B', '.hidden', '__MACOSX', '..c', 'd.jpg', 'E.PNG', '-f.jpg',
    '$g$.jpg', '%06d.jpg', 'h:1.jpg', '[i].jpg', '*.jpg', ' j .jpg',
    "k'\".jpg", '\u00e9.jpg', '\u8868.jpg', 'l\n.jpg', 'm' * 200 + '.jpg'])


def is_visible(path: str) -> bool:
    return not any(part.startswith('.') or part == '__MACOSX'
                   for part in path.split('/'))


@fuzz
@given(files=st.sets(st.lists(NAMES, min_size=1, max_size=3).map('/'.join)),
       links=st.lists(st.tuples(NAMES, NAMES), max_size=2))
def test_walker_finds_what_is_visible(tmp_path_factory, files, links):
    """Each file once for each way to it, without walking in circles."""
    root = tmp_path_factory.mktemp('tree')
    made = set()
    for path in sorted(files):
        file = root / path
        if any(parent in made for parent in Path(path).parents) or (
                file.exists()):
            continue  # a name cannot be both
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        made.add(Path(path))
    expected = {str(path) for path in made if is_visible(str(path))}
    for name, target in links:
        if (root / target).is_dir() and not os.path.lexists(root / name):
            (root / name).symlink_to(root / target)
            expected |= {
                f'{name}/{path.relative_to(target)}' for path in made
                if path.parts[0] == target
                and is_visible(f'{name}/{path.relative_to(target)}')}
    (root / 'circle').symlink_to(root)
    found = list(walk_files(root))
    assert len(found) == len(set(found))
    assert {path for path in found if path[:7] != 'circle/'} == expected
    assert all(is_image(path) == path.lower().endswith(('.jpg', '.png'))
               for path in found)


@fuzz
@given(rows=st.lists(
    st.tuples(*[st.text('ab,;|\t"\u00e9 1', max_size=4).map(str.strip)] * 3
              ).filter(any), min_size=1, max_size=4),
    delimiter=st.sampled_from(',;\t|'),
    encoding=st.sampled_from(['utf-8', 'utf-8-sig', 'utf-16']),
    terminator=st.sampled_from(['\n', '\r\n']),
    spelling=st.sampled_from([str, str.upper, str.title, ' {} '.format]),
    blank_lines=st.booleans())
def test_tables_in_any_writing(tmp_path_factory, rows, delimiter, encoding,
                               terminator, spelling, blank_lines):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=terminator,
                        quoting=csv.QUOTE_ALL)
    writer.writerow(map(spelling, ('path', 'expression', 'split')))
    for row in rows:
        writer.writerow(row)
        text.write(terminator * blank_lines)
    path = tmp_path_factory.mktemp('table') / 'images.csv'
    path.write_bytes(text.getvalue().encode(encoding))
    found = [tuple(cells.values()) for _, cells in read_table(
        path, ('path', 'expression'), ('split', ))]
    assert found == rows
