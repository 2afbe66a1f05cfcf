"""Which checkpoint of a folder is whole, and which is to go on from."""

import pytest
import torch
from helpers.damage import fuzz
from hypothesis import given, settings
from hypothesis import strategies as st

from ipdfer_mm.utils.checkpoint_files import (
    FILE,
    checkpoints,
    find_damage,
    find_resumable,
    note_finished,
    remove_partial,
)


def save(path, epoch: int):
    torch.save(dict(meta=dict(epoch=epoch), weight=torch.arange(500.)), path)
    return path


@pytest.fixture
def folder(tmp_path):
    """Three epochs and the best one."""
    for epoch in (9, 10, 11):
        save(tmp_path / f'epoch_{epoch}.pth', epoch)
    save(tmp_path / 'best_accuracy_top1_epoch_10.pth', 10)
    note_finished(tmp_path, 11)
    return tmp_path


def damage(path) -> None:
    """Another number where a weight is."""
    content = bytearray(path.read_bytes())
    place = content.index(torch.tensor(400.).numpy().tobytes())
    content[place + 1] ^= 1
    path.write_bytes(content)


def test_checkpoints_by_epoch(folder):
    (folder / 'epoch_x.pth').touch()
    assert [(epoch, path.name) for epoch, path in checkpoints(folder).items()
            ] == [(9, 'epoch_9.pth'), (10, 'epoch_10.pth'),
                  (11, 'epoch_11.pth')]
    assert list(checkpoints(folder, 'best_*')) == [10]


def test_newest(folder, tmp_path_factory, log):
    assert find_resumable(folder, folder) == folder / 'epoch_11.pth'
    assert not log.records
    empty = tmp_path_factory.mktemp('empty')
    assert find_resumable(empty, empty) is None


@pytest.mark.parametrize('noted, expected', [
    (10, 'epoch_10.pth'), (8, 'epoch_9.pth'), (None, 'epoch_11.pth')])
def test_not_validated(folder, noted, expected, log):
    """Of the epochs that are noted; all, if MMEngine's files are alone.

    If none of these is left, nothing starts anew.
    """
    if noted is None:
        (folder / FILE).unlink()
    else:
        note_finished(folder, noted)
    found = find_resumable(folder, folder)
    assert found.name == expected
    assert ('validation is missing' in log.text) == (noted == 8)


def test_damaged_ones_are_passed_over(folder, log):
    damage(folder / 'epoch_11.pth')
    # torch does not notice.
    assert torch.load(folder / 'epoch_11.pth')['weight'][400] != 400
    (folder / 'epoch_10.pth').write_bytes(b'')
    assert find_resumable(folder, folder) == folder / 'epoch_9.pth'
    (record, ) = log.records
    assert record.levelname == 'WARNING'
    for name in ('epoch_11.pth (', 'epoch_10.pth (', 'epoch_9.pth.'):
        assert f'{folder}/{name}' in record.message


def test_all_damaged(folder):
    for epoch in (9, 10, 11):
        damage(folder / f'epoch_{epoch}.pth')
    with pytest.raises(RuntimeError, match='epoch_10.pth .*has changed.*'
                       'Delete them to start anew'):
        find_resumable(folder, folder)


def test_damaged_note(folder):
    (folder / FILE).write_bytes(b'\xff\x00')
    with pytest.raises(RuntimeError, match=f'{FILE} must hold a number'):
        find_resumable(folder, folder)


WHOLE = 'whole.pth'


@pytest.fixture(scope='module')
def content(tmp_path_factory) -> bytes:
    path = save(tmp_path_factory.mktemp('content') / WHOLE, 1)
    assert find_damage(path) is None
    return path.read_bytes()


@settings(parent=fuzz, max_examples=60)
@given(data=st.data())
def test_damage_is_found(content, tmp_path, data):
    """Cut off or changed anywhere: found, unless torch loads the same."""
    path = tmp_path / WHOLE
    if data.draw(st.booleans()):
        end = data.draw(st.integers(0, len(content) - 1))
        damaged = content[:end]
    else:
        damaged = bytearray(content)
        place = data.draw(st.integers(0, len(content) - 1))
        damaged[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(damaged)
    if find_damage(path) is None:
        loaded = torch.load(path, weights_only=True)
        assert loaded['meta'] == dict(epoch=1)
        assert torch.equal(loaded['weight'], torch.arange(500.))


def test_partial_files(tmp_path):
    (tmp_path / '.epoch_1.pth.123.partial.pth').touch()
    save(tmp_path / 'epoch_1.pth', 1)
    remove_partial(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ['epoch_1.pth']
