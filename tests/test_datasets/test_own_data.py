import math

import pytest
from helpers.samples import class_names, infos, touch

from ipdfer_mm.datasets import CSVFER, EXPRESSIONS, FolderFER
from ipdfer_mm.registry import DATASETS
from ipdfer_mm.utils.expressions import expression_name


@pytest.mark.parametrize('word, name', [
    ('Angry', 'anger'), ('ANGER', 'anger'), (' happy ', 'happiness'),
    ('Surprised', 'surprise'), ('fearful', 'fear'), ('Sad', 'sadness'),
    ('Neutral', 'neutral'), ('contempt', 'contempt'), ('1', None),
    ('faces', None), ('', None)])
def test_words(word, name):
    assert expression_name(word) == name


@pytest.fixture
def folder(tmp_path):
    return touch(tmp_path, 'train/Angry/b.JPG', 'train/Angry/a.png',
                 'train/Angry/more/c.jpeg', 'train/happiness/a.png',
                 'train/Angry/notes.txt', 'train/Angry/.DS_Store',
                 'test/surprised/a.bmp')


def test_folders_are_read_by_name(folder, log):
    dataset = DATASETS.build(
        dict(type='FolderFER', data_root=str(folder), split='train'))
    assert dataset.CLASSES == EXPRESSIONS
    assert class_names(dataset) == ['anger'] * 3 + ['happiness']
    assert [info['img_path'] for info in infos(dataset)] == [
        str(folder / path) for path in (
            'train/Angry/a.png', 'train/Angry/b.JPG',
            'train/Angry/more/c.jpeg', 'train/happiness/a.png')]
    assert 'Not images, skipped: 1 (train/Angry/notes.txt)' in log.text
    assert class_names(FolderFER(str(folder), 'test')) == ['surprise']
    for split in ('val', ''):
        with pytest.raises(FileNotFoundError, match=f"split='{split}', but th"
                           'e folders there are test, train'):
            FolderFER(str(folder), split)


@pytest.mark.parametrize('word, message', [
    ('3', "the folder '3' is a number, and numbers mean other expressions"),
    ('faces', "the folder 'faces' is not named by an expression.*anger, disg"),
])
def test_other_folders_are_refused(folder, word, message):
    touch(folder, f'train/{word}/a.png')
    with pytest.raises(ValueError, match=f'train: {message}'):
        FolderFER(str(folder), 'train')


@pytest.fixture
def table(tmp_path):
    touch(tmp_path, 'photos/a.jpg', 'photos/b.jpg', 'photos/c.jpg')

    def write(*rows):
        (tmp_path / 'labels.csv').write_text('\n'.join(rows))
        return str(tmp_path)

    return write


def test_csv_with_all_columns(table):
    root = table('path,expression,subject,yaw,split,remark',
                 'photos/a.jpg,Happy,anna,-12.5,train,',
                 'photos/b.jpg,neutral,,,test,dark',
                 'photos/c.jpg,sad,bert,,train,')
    config = dict(type='CSVFER', data_root=root, ann_file='labels.csv')
    train = DATASETS.build(dict(config, split='train'))
    assert train.CLASSES == EXPRESSIONS
    assert class_names(train) == ['happiness', 'sadness']
    first, second = infos(train)
    assert (first['subject'], first['yaw'], first['pose_label']) == (
        'anna', -12.5, 1)
    assert math.isnan(second['yaw']) and second['pose_label'] == -100
    (test, ) = infos(CSVFER(root, 'labels.csv', split='test'))
    assert 'subject' not in test
    with pytest.raises(ValueError, match="no row with the split 'val', but "
                       'train, test'):
        CSVFER(root, 'labels.csv', split='val')
    # Else training would see the test images.
    with pytest.raises(ValueError, match='line 2: the file has a column spl'):
        CSVFER(root, 'labels.csv')


def test_csv_of_two_columns(table):
    root = table('path,expression', 'photos/a.jpg,anger', 'photos/b.jpg,fear')
    assert class_names(CSVFER(root, 'labels.csv')) == ['anger', 'fear']
    with pytest.raises(ValueError, match='line 1: the header must contain.*sp'
                       'lit'):
        CSVFER(root, 'labels.csv', split='train')


@pytest.mark.parametrize('row, message', [
    (',anger,', 'line 3: path is empty'),
    ('photos/b.jpg,3,', "line 3: the expression '3' is not one of anger.*nam"),
    ('photos/b.jpg,,', "line 3: the expression '' is not one of"),
    ('photos/b.jpg,sad,left', "line 3: column yaw holds 'left'"),
    ('photos/a.jpg,sad,', 'line 3: photos/a.jpg is already in .*line 2'),
    ('photos/b.jpg,sad', 'line 3: 2 cells, but the header has 3'),
])
def test_csv_errors_name_the_row(table, row, message):
    root = table('path,expression,yaw', 'photos/a.jpg,sad,', row)
    with pytest.raises(ValueError, match=f'labels.csv, {message}'):
        CSVFER(root, 'labels.csv')


def test_csv_of_missing_images(table):
    root = table('path,expression', 'photos/d.jpg,anger')
    with pytest.raises(FileNotFoundError, match='1 of 1 images.*d.jpg'):
        CSVFER(root, 'labels.csv')
    with pytest.raises(FileNotFoundError, match='none.csv does not exist'):
        CSVFER(root, 'none.csv')
