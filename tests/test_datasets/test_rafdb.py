import logging

import pytest

from ipdfer_mm.datasets import EXPRESSIONS, RAFDB
from ipdfer_mm.datasets.manifest import HEADER
from ipdfer_mm.registry import DATASETS

LIST = 'basic/EmoLabel/list_patition_label.txt'
# Sorted neither by split nor by number; the last line has no newline.
LINES = ('train_00001.jpg 5\ntrain_00002.jpg 1\ntest_0001.jpg 7\r\n'
         'train_00003.jpg 2\ntrain_00010.jpg 3\ntrain_00005.jpg 4\n'
         'train_00006.jpg 6\ntest_0002.jpg 6\ntrain_00007.jpg 7')


@pytest.fixture
def root(tmp_path):
    (tmp_path / 'basic/EmoLabel').mkdir(parents=True)
    (tmp_path / 'basic/Image/aligned').mkdir(parents=True)
    write(tmp_path, LINES)
    return tmp_path


def write(root, text):
    (root / LIST).write_bytes(text.encode())
    for line in text.splitlines():
        stem = line.split('.')[0]
        (root / f'basic/Image/aligned/{stem}_aligned.jpg').touch()


def test_numbers_become_names(root):
    dataset = DATASETS.build(
        dict(type='RAFDB', data_root=str(root), split='train'))
    assert dataset.CLASSES == EXPRESSIONS
    infos = [dataset.get_data_info(i) for i in range(len(dataset))]
    names = [EXPRESSIONS[info['gt_label']] for info in infos]
    # 5 1 2 3 4 6 7 of the file.
    assert names == ['sadness', 'surprise', 'fear', 'disgust', 'happiness',
                     'anger', 'neutral']
    assert infos[3]['img_path'] == str(
        root / 'basic/Image/aligned/train_00010_aligned.jpg')
    assert {info['pose_label'] for info in infos} == {-100}
    assert dataset.num_known_poses == 0


def test_splits_are_separate_and_the_last_line_counts(root):
    train, test = RAFDB(str(root), 'train'), RAFDB(str(root), 'test')
    assert len(train) == 7 and len(test) == 2
    assert list(test.get_gt_labels()) == [4, 0]
    with pytest.raises(ValueError, match="split='val'.*'train' and 'test'"):
        RAFDB(str(root), 'val')


def test_counts_that_are_not_the_official_ones_are_told(
        root, caplog, monkeypatch):
    monkeypatch.setattr(
        'mmengine.logging.MMLogger.get_current_instance',
        classmethod(lambda cls: logging.getLogger('toy')))
    RAFDB(str(root), 'test')
    assert ('test split: 2 images in the list, but officially 3068 images'
            ) in caplog.text
    caplog.clear()
    # A list of one's own is not the official one.
    (root / 'part.txt').write_text('train_00006.jpg 6\n')
    assert len(RAFDB(str(root), 'train', ann_file='part.txt')) == 1
    assert caplog.text == ''


@pytest.mark.parametrize('line, message', [
    ('train_00009.jpg', "'train_00009.jpg' is not of the form"),
    ('train_00009.jpg 5 6', 'is not of the form'),
    ('train_00009.jpg,5', 'is not of the form'),
    ('train_00009.jpg 0', "label '0' is not one of 1 to 7"),
    ('train_00009.jpg 8', "label '8' is not one of 1 to 7"),
    ('train_00009.jpg 5.0', "label '5.0' is not one of 1 to 7"),
    ('train_00009.jpg happy', "label 'happy' is not one of 1 to 7"),
    ('val_00009.jpg 5', "name 'val_00009.jpg' is neither"),
    ('train_00009_aligned.jpg 5', 'is neither'),
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


def test_split_without_a_image_is_refused(root):
    write(root, 'train_00001.jpg 5\n\n')
    with pytest.raises(ValueError, match='test split has no sample'):
        RAFDB(str(root), 'test')


def test_with_a_manifest(root):
    rows = [','.join(HEADER)]
    for name, yaw in (('test_0001', '-45.5'), ('test_0002', '')):
        aligned = f'prepared/{name}.png'
        (root / 'prepared').mkdir(exist_ok=True)
        (root / aligned).touch()
        rows.append(f'basic/Image/aligned/{name}_aligned.jpg,{aligned},{yaw}'
                    + ',' * 14)
    (root / 'prepared/manifest.csv').write_text('\n'.join(rows))
    dataset = RAFDB(str(root), 'test', manifest='prepared/manifest.csv')
    infos = [dataset.get_data_info(i) for i in range(2)]
    assert [info['pose_label'] for info in infos] == [4, -100]
    assert infos[0]['img_path'] == str(root / 'prepared/test_0001.png')
    assert dataset.num_known_poses == 1


def test_only_flagged_images(root):
    (root / 'prepared').mkdir()
    rows = [','.join(HEADER)]
    for name, flags in (('test_0001', 'no_face;large'), ('test_0002', '')):
        aligned = f'prepared/{name}.png'
        (root / aligned).touch()
        rows.append(f'basic/Image/aligned/{name}_aligned.jpg,{aligned}'
                    + ',' * 15 + flags)
    (root / 'prepared/manifest.csv').write_text('\n'.join(rows))
    manifest = 'prepared/manifest.csv'
    dataset = RAFDB(str(root), 'test', manifest=manifest, only_flag='large')
    assert len(dataset) == 1
    assert dataset.get_data_info(0)['img_path'].endswith('test_0001.png')
    with pytest.raises(ValueError, match='no sample. Not flagged larger, left '
                       'out: 2'):
        RAFDB(str(root), 'test', manifest=manifest, only_flag='larger')
    with pytest.raises(ValueError, match='which alone has flags'):
        RAFDB(str(root), 'test', only_flag='large')
