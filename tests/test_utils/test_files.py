import os
from pathlib import Path

import pytest

from ipdfer_mm.utils.files import (
    ImageIndex,
    is_image,
    keep_inputs,
    list_images,
    missing_files,
    sha256,
    subfolders,
    walk_files,
)


def make(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b'')
    return root


def test_hidden_files_and_folders_are_left_out(tmp_path):
    make(tmp_path, 'a.jpg', '._a.jpg', '.DS_Store', 'b/.hidden/c.jpg',
         'b/.ipynb_checkpoints/a-checkpoint.jpg', '__MACOSX/a.jpg', 'b/c.PNG')
    assert list(walk_files(tmp_path)) == ['a.jpg', 'b/c.PNG']
    assert list(walk_files(tmp_path, 'b')) == ['b/c.PNG']
    assert subfolders(tmp_path) == ['b']
    assert list_images(tmp_path) == [tmp_path / 'a.jpg', tmp_path / 'b/c.PNG']
    # But for one that is asked for.
    assert list(walk_files(tmp_path / 'b/.hidden')) == ['c.jpg']


def test_order_is_that_of_names_within_each_folder(tmp_path):
    make(tmp_path, 'b.jpg', 'a/2.jpg', 'a/10.jpg', 'a.jpg')
    assert list(walk_files(tmp_path)) == [
        'a/10.jpg', 'a/2.jpg', 'a.jpg', 'b.jpg']
    # As pathlib sorts.
    assert list_images(tmp_path) == sorted(tmp_path.rglob('*.jpg'))


def test_links_are_followed(tmp_path):
    make(tmp_path, 'elsewhere/below/b.jpg', 'album/a.jpg')
    os.symlink('../elsewhere', tmp_path / 'album/linked')
    os.symlink('../elsewhere', tmp_path / 'album/once_more')
    os.symlink('../elsewhere/below/b.jpg', tmp_path / 'album/c.jpg')
    assert list(walk_files(tmp_path / 'album')) == [
        'a.jpg', 'c.jpg', 'linked/below/b.jpg', 'once_more/below/b.jpg']
    assert subfolders(tmp_path / 'album') == ['linked', 'once_more']


def test_links_in_circles_end(tmp_path):
    make(tmp_path, 'a/b/c.jpg')
    os.symlink('..', tmp_path / 'a/b/up')
    os.symlink(tmp_path, tmp_path / 'a/top')
    os.symlink('self.jpg', tmp_path / 'a/self.jpg')
    # A link that leads nowhere is for the reader to complain of.
    assert list(walk_files(tmp_path)) == ['a/b/c.jpg', 'a/self.jpg']
    assert missing_files([str(tmp_path / 'a/self.jpg')]) == [
        str(tmp_path / 'a/self.jpg')]


def test_a_folder_without_images_is_refused(tmp_path):
    make(tmp_path, 'a.txt', '._a.jpg')
    assert list(walk_files(tmp_path / 'no')) == []
    assert subfolders(tmp_path / 'no') == []
    with pytest.raises(ValueError, match='has no image; .*jpeg.*webp'):
        list_images(tmp_path)


def test_images_end_as_images_do():
    assert is_image('a/B.JPG') and is_image(Path('a.pnm'))
    assert not is_image('a.jpg.txt') and not is_image('jpg')


def test_missing_files(tmp_path):
    make(tmp_path, 'a/1.jpg', '.cache/2.jpg')
    paths = [str(tmp_path / name) for name in (
        'a/2.jpg', 'a/1.jpg', '.cache/2.jpg', 'b/1.jpg', 'a')]
    assert missing_files(paths) == [paths[0], paths[3], paths[4]]


@pytest.mark.parametrize('name, found', [
    ('a/1.jpg', 'a/1.JPG'), ('a/2.jpg', 'a/2.jpg'), ('a/2.png', 'a/2.png'),
    ('a/3.png', 'a/3.png'), ('b/3.png', 'b/3.png')])
def test_images_are_found_in_another_case_or_kind(tmp_path, name, found):
    make(tmp_path, 'a/1.JPG', 'a/2.png', 'a/2.jpg')
    assert ImageIndex(str(tmp_path)).find(name) == found


def test_fingerprint(tmp_path):
    make(tmp_path, 'empty')
    assert sha256(tmp_path / 'empty') == (
        'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')


def test_inputs_are_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make(tmp_path, 'a.pth')
    with pytest.raises(ValueError, match='a.pth is what is read'):
        keep_inputs(tmp_path / 'a.pth', 'ipdfer_mm://a.pth', './a.pth')
    keep_inputs(tmp_path / 'b.pth', 'ipdfer_mm://a.pth', './a.pth')
