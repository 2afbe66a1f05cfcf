from functools import partial

import pytest
from helpers.doubling import Doubler, Number, Result

from ipdfer_mm.preparation.chunks import ChunkTask, work_in_chunks


def task(parts, fatal=None, key=b''):
    return ChunkTask(partial(Doubler, fatal), Result, lambda result: True,
                     parts, key, 2)


def test_a_killed_process_loses_nothing(tmp_path):
    numbers = [Number(i) for i in range(7)]
    with pytest.raises(RuntimeError, match='--workers. What was done is kept'):
        work_in_chunks(task(tmp_path, fatal=6), numbers, 1, 'Doubling')
    assert len(list(tmp_path.iterdir())) == 3
    done = work_in_chunks(task(tmp_path), numbers, 0, 'Doubling')
    assert done == [Result(2 * i) for i in range(7)]


def test_what_another_key_left_is_deleted(tmp_path):
    numbers = [Number(1)]
    work_in_chunks(task(tmp_path, key=b'a'), numbers, 0, 'Doubling')
    (first, ) = tmp_path.iterdir()
    work_in_chunks(task(tmp_path, key=b'b'), numbers, 0, 'Doubling')
    (second, ) = tmp_path.iterdir()
    assert first != second


def test_what_others_left_stays(tmp_path):
    (tmp_path / 'notes.json').write_text('mine')
    work_in_chunks(task(tmp_path), [Number(1)], 0, 'Doubling')
    assert (tmp_path / 'notes.json').read_text() == 'mine'
