import shutil

import pytest
from helpers.official_layouts import SFEW_FOLDERS, make_sfew, write_manifest
from helpers.samples import class_names, infos, touch

from ipdfer_mm.datasets import EXPRESSIONS, SFEW
from ipdfer_mm.registry import DATASETS


@pytest.fixture
def root(tmp_path):
    return make_sfew(tmp_path)


@pytest.mark.parametrize('split, aligned, folder', [
    ('train', True, 'Train_Aligned_Faces'),
    ('val', True, 'Val_Aligned_Faces_new/Val_Aligned_Faces'),
    ('train', False, 'SFEW_2.0/Train'),
    ('val', False, 'SFEW_2.0/Val/Val'),
])
def test_folders_nested_or_not(root, split, aligned, folder, log):
    dataset = DATASETS.build(dict(
        type='SFEW', data_root=str(root), split=split, aligned=aligned))
    assert dataset.CLASSES == EXPRESSIONS
    assert class_names(dataset) == list(EXPRESSIONS)
    info = infos(dataset)[3]
    assert info['img_path'] == str(
        root / folder / 'Happy/Airheads_000000003_00000005.png')
    # The beginning of the name is a movie.
    assert 'subject' not in info and info['pose_label'] == -100
    assert f'Not images, skipped: 1 ({folder}/Angry/Thumbs.db)' in log.text
    assert ('but officially' in log.text) == (not aligned)


def test_what_archives_leave_is_no_layout(root):
    val = root / 'Val_Aligned_Faces_new'
    touch(val, '__MACOSX/Angry/._a.png', 'Val_Aligned_Faces/Angry/._b.png',
          '.hidden/a.png')
    assert len(SFEW(str(root), 'val')) == 7
    # The folder that holds SFEW_2.0, or SFEW_2.0 itself.
    assert len(SFEW(str(root / 'SFEW_2.0'), 'val', aligned=False)) == 7


def test_manifest_is_keyed_by_the_nested_path(root):
    write_manifest(root)
    dataset = SFEW(str(root), 'val', manifest='prepared/manifest.csv')
    assert len(dataset) == 7
    assert all(info['aligned'] for info in infos(dataset))


def test_test_labels_are_withheld(root):
    with pytest.raises(ValueError, match="labels of the test set.*'val'"):
        SFEW(str(root), 'test')
    with pytest.raises(ValueError, match="split='valid' is not one of train"):
        SFEW(str(root), 'valid')


def test_missing_folders(root):
    shutil.rmtree(root / 'Train_Aligned_Faces/Disgust')
    with pytest.raises(FileNotFoundError, match='no folder for disgust. Unpa'):
        SFEW(str(root), 'train')
    for word in SFEW_FOLDERS:
        shutil.rmtree(root / 'Train_Aligned_Faces' / word, ignore_errors=True)
    with pytest.raises(FileNotFoundError, match='no folder Train_Aligned_Face'
                       's with.*aligned=False'):
        SFEW(str(root), 'train')
