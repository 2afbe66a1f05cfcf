import shutil
from collections import Counter

import numpy as np
import pytest
from helpers.official_layouts import make_ckplus, write_manifest
from helpers.samples import class_names, infos, touch

from ipdfer_mm.datasets import EXPRESSIONS, CKPlus
from ipdfer_mm.registry import DATASETS

# The order of the official numbers, from 1.
NAMES = ('anger', 'contempt', 'disgust', 'fear', 'happiness', 'sadness',
         'surprise')
EIGHT = (*EXPRESSIONS, 'contempt')
SUBJECTS = [f'S{5 + 3 * i:03d}' for i in range(12)]
LABEL = 'Emotion/S005/001/S005_001_00000006_emotion.txt'


@pytest.fixture(scope='module')
def whole(tmp_path_factory):
    return make_ckplus(tmp_path_factory.mktemp('ckplus'))


@pytest.fixture
def root(whole, tmp_path):
    """A copy to be changed."""
    return shutil.copytree(whole, tmp_path / 'ckplus')


def test_last_three_frames_and_the_first(whole, log):
    dataset = DATASETS.build(
        dict(type='CKPlus', data_root=str(whole), split='train', fold=1))
    assert dataset.CLASSES == EIGHT
    # Subjects 1 and 11 are tested.
    assert len(dataset) == 10 * 4
    first = infos(dataset)[:4]
    assert [info['img_path'][-6:-4] for info in first] == [
        '01', '04', '05', '06']
    assert class_names(dataset)[:4] == ['neutral', 'anger', 'anger', 'anger']
    assert {info['subject'] for info in first} == {'S005'}
    # S011, S014, ... : the second is not there.
    assert class_names(dataset)[5::4] == [
        *NAMES[2:], 'anger', 'contempt', 'disgust', 'fear']
    assert 'Sequences without a label, skipped: 12 (S005/002' in log.text
    assert ('12 labeled sequences of 12 subjects, but officially 327 labeled'
            ' sequences of 118') in log.text


def test_tested_on_the_peak_only(whole):
    dataset = CKPlus(str(whole), 'test', fold=1)
    assert dataset.CLASSES == EIGHT
    assert class_names(dataset) == ['contempt'] * 3 + ['happiness'] * 3


def test_folds_deal_the_sorted_subjects(whole):
    for fold in range(10):
        train, test = (CKPlus(str(whole), split, fold)
                       for split in ('train', 'test'))
        tested = {info['subject'] for info in infos(test)}
        assert tested == set(SUBJECTS[fold::10])
        assert {info['subject'] for info in infos(train)} == (
            set(SUBJECTS) - tested)
        assert train.metainfo['fold'] == fold
        assert train.metainfo['fold_rule'].endswith('in fold i mod 10')


def test_six_expressions(whole):
    train, test = (CKPlus(str(whole), split, 1, num_expressions=6)
                   for split in ('train', 'test'))
    assert train.CLASSES == test.CLASSES == EXPRESSIONS
    # S032 shows contempt; its neutral face stays.
    counts = Counter(class_names(train))
    assert counts['neutral'] == 10 and sum(counts.values()) == 10 * 4 - 3
    assert class_names(test) == ['happiness'] * 3


def test_landmarks(whole):
    # 68 points in a square of 40 pixels at (10, 5).
    points = infos(CKPlus(str(whole), 'train', 0))[0]['landmarks']
    np.testing.assert_allclose(
        points, [[22, 21], [38, 21], [30, 29], [24, 37], [36, 37]])


def test_landmarks_may_be_missing(root, log):
    folder = root / 'Landmarks/S008/001'
    (folder / 'S008_001_00000001_landmarks.txt').unlink()
    dataset = CKPlus(str(root), 'train', 0)
    assert 'landmarks' not in infos(dataset)[0]
    assert 'landmarks' in infos(dataset)[1]
    assert 'No landmarks: 1 (cohn-kanade-images/S008/001/S008' in log.text
    (folder / 'S008_001_00000004_landmarks.txt').write_text('1 2 3')
    with pytest.raises(ValueError, match='S008_001_00000004_landmarks.txt '
                       'does not hold 68 pairs'):
        CKPlus(str(root), 'train', 0)
    # Those of a manifest are used alone.
    write_manifest(root)
    dataset = CKPlus(str(root), 'train', 0, manifest='prepared/manifest.csv')
    assert not any('landmarks' in info for info in infos(dataset))
    shutil.rmtree(root / 'Landmarks')
    assert 'landmarks' not in infos(CKPlus(str(root), 'test', 0))[0]


def test_folders_around(root):
    for name, outer in (('cohn-kanade-images', 'extended-cohn-kanade-images'),
                        ('Emotion', 'Emotion_labels')):
        (root / outer).mkdir()
        (root / name).rename(root / outer / name)
    (root / 'Landmarks').rename(root / 'inner')
    (root / 'Landmarks').mkdir()
    (root / 'inner').rename(root / 'Landmarks/Landmarks')
    dataset = CKPlus(str(root), 'test', 0)
    assert len(dataset) == 6 and 'landmarks' in infos(dataset)[0]


def test_empty_folders_and_leftovers(root, log):
    frames = root / 'cohn-kanade-images/S005/001'
    touch(frames, '.DS_Store', '._S005_001_00000006.png')
    shutil.rmtree(root / 'Emotion/S005/002')
    assert len(CKPlus(str(root), 'test', 0)) == 6
    assert 'Sequences without a label, skipped: 12' in log.text


@pytest.mark.parametrize('text', ['0.0000000e+00', '8.0', '2.5', 'happy', '',
                                  'nan'])
def test_labels_that_are_none(root, text):
    (root / LABEL).write_text(text)
    with pytest.raises(ValueError, match=f'{LABEL}: the label .* is not one '
                       'of 1 to 7'):
        CKPlus(str(root), 'train', 0)


def test_incomplete_sequences(root, log):
    frames = root / 'cohn-kanade-images/S005/001'
    (frames / 'S005_001_00000006.png').unlink()
    CKPlus(str(root), 'test', 0)
    assert f'Labels of another frame than the last, kept: 1 ({LABEL})' in (
        log.text)
    for number in (4, 5):
        (frames / f'S005_001_0000000{number}.png').unlink()
    with pytest.raises(FileNotFoundError, match='S005/001 has only 3 frames'):
        CKPlus(str(root), 'train', 3)
    shutil.copy(root / LABEL, (root / LABEL).with_name('a_emotion.txt'))
    with pytest.raises(ValueError, match='Emotion/S005/001 holds 2 labels'):
        CKPlus(str(root), 'train', 3)


@pytest.mark.parametrize('folder', ['anger', 'CK+48/anger'])
def test_ck48_is_refused(tmp_path, folder):
    touch(tmp_path, f'{folder}/S010_004_00000017.png')
    with pytest.raises(ValueError, match='CK.48.*Without neutral frames.*cohn'
                       '-kanade-images'):
        CKPlus(str(tmp_path), 'train', 0)


@pytest.mark.parametrize('split, fold, kwargs, message', [
    ('val', 0, {}, "split='val'"),
    ('train', 10, {}, 'fold=10 must be 0 to 9'),
    ('train', 0, dict(num_expressions=8), '=8 must be 7, or 6'),
])
def test_arguments(whole, split, fold, kwargs, message):
    with pytest.raises(ValueError, match=message):
        CKPlus(str(whole), split, fold, **kwargs)


def test_missing_folders(tmp_path):
    with pytest.raises(FileNotFoundError, match='no folder cohn-kanade-image'):
        CKPlus(str(tmp_path), 'train', 0)
    (tmp_path / 'cohn-kanade-images').mkdir()
    with pytest.raises(FileNotFoundError, match='no folder Emotion.*Expected'):
        CKPlus(str(tmp_path), 'train', 0)
