import pytest
from helpers.samples import class_names, infos, touch

from ipdfer_mm.datasets import EXPRESSIONS, RAFDB
from ipdfer_mm.registry import DATASETS

LIST = 'basic/EmoLabel/list_patition_label.txt'
# Sorted neither by split nor by number; the last line has no newline.
LINES = ('train_00001.jpg 5\ntrain_00002.jpg 1\ntest_0001.jpg 7\r\n'
         'train_00003.jpg 2\ntrain_00010.jpg 3\ntrain_00005.jpg 4\n'
         'train_00006.jpg 6\ntest_0002.jpg 6\ntrain_00007.jpg 7')


@pytest.fixture
def root(tmp_path):
    (tmp_path / 'basic/EmoLabel').mkdir(parents=True)
    write(tmp_path, LINES)
    return tmp_path


def write(root, text):
    (root / LIST).write_bytes(text.encode())
    touch(root / 'basic/Image/aligned', *(
        f'{line.split(".")[0]}_aligned.jpg' for line in text.splitlines()))


def test_numbers_become_names(root):
    dataset = DATASETS.build(
        dict(type='RAFDB', data_root=str(root), split='train'))
    assert dataset.CLASSES == EXPRESSIONS
    # 5 1 2 3 4 6 7 of the file.
    assert class_names(dataset) == ['sadness', 'surprise', 'fear', 'disgust',
                                    'happiness', 'anger', 'neutral']
    assert infos(dataset)[3]['img_path'] == str(
        root / 'basic/Image/aligned/train_00010_aligned.jpg')
    assert dataset.num_known_poses == 0


def test_splits_are_separate_and_the_last_line_counts(root):
    assert len(RAFDB(str(root), 'train')) == 7
    assert list(RAFDB(str(root), 'test').get_gt_labels()) == [4, 0]
    with pytest.raises(ValueError, match="split='val' is not one of train"):
        RAFDB(str(root), 'val')


def test_counts_that_are_not_the_official_ones_are_told(root, log):
    RAFDB(str(root), 'test')
    assert ('test split: 2 images in the list, but officially 3068 images'
            ) in log.text
    log.clear()
    # A list of one's own is not the official one.
    (root / 'part.txt').write_text('train_00006.jpg 6\n')
    assert len(RAFDB(str(root), 'train', ann_file='part.txt')) == 1
    assert 'officially' not in log.text


@pytest.mark.parametrize('line, message', [
    ('train_00009.jpg', "'train_00009.jpg' is not of the form"),
    ('train_00009.jpg 5 6', 'is not of the form'),
    ('train_00009.jpg,5', 'is not of the form'),
    ('train_00009.jpg 0', "'train_00009.jpg 0' is not .*label of 1 to 7"),
    ('train_00009.jpg 8', 'is not of the form'),
    ('train_00009.jpg 5.0', 'is not of the form'),
    ('train_00009.jpg happy', 'is not of the form'),
    ('val_00009.jpg 5', 'is not of the form'),
    ('train_00009_aligned.jpg 5', 'is not of the form'),
    ('train_00002.jpg 1', 'train_00002.jpg is already in .*line 2'),
    # In the other split, too.
    ('test_0001.jpg 7', 'test_0001.jpg is already in .*line 3'),
])
def test_bad_lines_are_named(root, line, message):
    write(root, f'{LINES}\n{line}\n')
    with pytest.raises(ValueError, match=f'{LIST}, line 10: .*{message}'):
        RAFDB(str(root), 'train')


def test_missing_files_say_what_the_layout_is(root):
    (root / 'basic/Image/aligned/test_0002_aligned.jpg').unlink()
    with pytest.raises(FileNotFoundError, match='1 of 2 images.*test_0002_a'
                       'ligned.jpg.*Expected RAF-DB as its authors give'):
        RAFDB(str(root), 'test')
    (root / LIST).unlink()
    with pytest.raises(FileNotFoundError, match=f'{LIST} does not exist'):
        RAFDB(str(root), 'train')
    # The folder one level too low.
    with pytest.raises(FileNotFoundError, match='<data_root>/basic/EmoLabel'):
        RAFDB(str(root / 'basic'), 'train')


def test_split_without_an_image_is_refused(root):
    write(root, 'train_00001.jpg 5\n\n')
    with pytest.raises(ValueError, match='test split has no sample'):
        RAFDB(str(root), 'test')
