import os

import pytest

from ipdfer_mm.utils.atomic import renamed_when_done, write_atomically


@pytest.mark.parametrize('sync', [False, True])
def test_replaces_a_file(tmp_path, sync):
    path = tmp_path / 'a'
    path.write_bytes(b'a longer old content')
    write_atomically(path, b'new', 'advice', sync=sync)
    assert path.read_bytes() == b'new'
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize('error', [OSError(28, 'disk full'),
                                   KeyboardInterrupt()])
def test_a_failure_leaves_the_old_file(tmp_path, monkeypatch, error):
    path = tmp_path / 'a'
    path.write_bytes(b'old')

    def fail(source, target):
        raise error

    monkeypatch.setattr(os, 'replace', fail)
    with pytest.raises(type(error)) as info:
        write_atomically(path, b'new', 'free some space')
    if isinstance(error, OSError):
        assert info.value.errno == 28
        for part in ('disk full; free some space', str(path)):
            assert part in str(info.value)
    assert path.read_bytes() == b'old'
    assert list(tmp_path.iterdir()) == [path]


def test_a_growing_file(tmp_path):
    path = tmp_path / 'a.csv'
    path.write_text('old')
    with renamed_when_done(path, 'advice') as partial:
        assert partial.suffix == '.csv' and partial.parent == tmp_path
        partial.write_text('new')
        assert path.read_text() == 'old'
    assert path.read_text() == 'new'
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize('error', [
    OSError(28, 'disk full'), KeyboardInterrupt(), ValueError('other'),
    FileNotFoundError(2, 'gone', 'another')])
def test_a_failure_while_it_grows(tmp_path, error):
    path = tmp_path / 'a.csv'
    with pytest.raises(type(error)) as info, \
            renamed_when_done(path, 'free some space') as partial:
        partial.write_text('half')
        raise error
    assert list(tmp_path.iterdir()) == []
    # It is not blamed for other files.
    blamed = 'free some space' in str(info.value) and (
        str(path) in str(info.value))
    assert blamed == ('disk full' in str(error))
