import json
import math
import os

import cv2
import numpy as np
import pytest
from helpers import official_layouts as layouts
from helpers.official_layouts import affectnet_row, write_image
from helpers.samples import LOAD_AND_PACK, class_names, infos

from ipdfer_mm.datasets import EXPRESSIONS, AffectNet, affectnet_files
from ipdfer_mm.registry import DATASETS

EIGHT = (*EXPRESSIONS, 'contempt')
# The order of the official numbers.
NAMES = ['neutral', 'happiness', 'sadness', 'surprise', 'fear', 'disgust',
         'anger', 'contempt']
SEVEN = dict(metainfo=dict(classes=EXPRESSIONS), drop_classes=['contempt'])


@pytest.fixture
def old(tmp_path):
    return layouts.make_affectnet(tmp_path)


@pytest.fixture
def new(tmp_path):
    return layouts.make_affectnet_new(tmp_path)


def write_list(root, rows, name='training'):
    path = root / f'Manually_Annotated_file_lists/{name}.csv'
    path.write_text('\n'.join([layouts.AFFECTNET_HEADER, *rows]))


@pytest.mark.parametrize('split', ['train', 'val'])
def test_old_release_with_a_header_or_without(old, split, log):
    dataset = DATASETS.build(
        dict(type='AffectNet', data_root=str(old), split=split))
    assert dataset.CLASSES == EIGHT and class_names(dataset) == NAMES
    for label in ('none', 'uncertain', 'no face'):
        assert f'Labeled {label}, skipped: 1' in log.text
    info = infos(dataset)[0]
    assert info['pose_label'] == -100 and math.isnan(info['yaw'])
    # In the box of 60 x 70 pixels at (40, 20).
    np.testing.assert_allclose(
        info['landmarks'],
        [[58, 44], [82, 44], [70, 56], [61, 68], [79, 68]])


def test_boxes_are_corner_width_and_height(old, log):
    # A face in the lower right, where x2, y2 = w, h would be empty.
    image = np.zeros((120, 160, 3), np.uint8)
    image[60:110, 90:140] = 255
    cv2.imwrite(str(old / 'Manually_Annotated_Images/0/training0.jpg'), image)
    row = affectnet_row('0/training0.jpg', 0, (90, 60, 50, 50)).split(',')
    row[5] = ''
    write_list(old, [','.join(row)])
    load, pack = LOAD_AND_PACK
    face = AffectNet(str(old), 'train', pipeline=[
        load, dict(type='ipdfer_mm.AlignFace'), pack])[0]['inputs'].float()
    assert face.shape == (3, 112, 112) and face.mean() > 245
    assert ('No landmarks that can be aligned, box taken: 1 '
            '(Manually_Annotated_Images/0/training0.jpg)') in log.text


def test_mirrored_landmarks_give_way_to_the_box(old, log):
    row = affectnet_row('0/training0.jpg', 0).split(',')
    values = np.array(row[5].split(';'), float).reshape(68, 2) * [-1, 1]
    row[5] = ';'.join(map(str, values.ravel()))
    write_list(old, [','.join(row)])
    points = infos(AffectNet(str(old), 'train'))[0]['landmarks']
    assert 'box taken: 1' in log.text
    # The square of 70 pixels around the box: x 35 to 105, y 20 to 90.
    np.testing.assert_allclose(points[0], [58.93, 52.31], atol=0.01)


@pytest.mark.parametrize('box', [
    (-1, 20, 60, 70), (40, -3, 60, 70), (40, 20, 0, 70), (40, 20, 60, -70),
    ('NULL', 'NULL', 'NULL', 'NULL'), ('', '', '', '')])
def test_invalid_boxes_are_skipped_and_counted(old, log, box):
    good = affectnet_row('0/training0.jpg', 0)
    bad = affectnet_row('1/training1.jpg', 1).split(',')
    bad[1:5] = map(str, box)
    # The box of no face is not needed.
    none = affectnet_row('1/training1.jpg', 10).split(',')
    none[1:5] = bad[1:5]
    write_list(old, [good, ','.join(bad), ','.join(none)])
    assert len(AffectNet(str(old), 'train')) == 1
    assert 'No valid box, skipped: 1 (1/training1.jpg)' in log.text


def test_endings_in_any_case(old):
    folder = old / 'Manually_Annotated_Images/0'
    os.rename(folder / 'training0.jpg', folder / 'training0.JPG')
    os.rename(folder / 'training3.jpg', folder / 'Training3.png')
    write_image(folder / 'odd.JPEG')
    write_list(old, [affectnet_row(f'0/{name}', 0) for name in (
        'training0.jpg', 'training3.jpg', 'odd.JPEG')])
    assert [os.path.basename(info['img_path'])
            for info in infos(AffectNet(str(old), 'train'))] == [
                'training0.JPG', 'Training3.png', 'odd.JPEG']


def test_images_in_a_folder_more(old):
    (old / 'Manually_Annotated').mkdir()
    (old / 'Manually_Annotated_Images').rename(
        old / 'Manually_Annotated/Manually_Annotated_Images')
    assert len(AffectNet(str(old), 'val')) == 8


@pytest.mark.parametrize('row, message', [
    (affectnet_row('0/training0.jpg', 11), "the label '11' is not one of 0"),
    (affectnet_row('0/training0.jpg', 'happy'), "the label 'happy' is not"),
    (affectnet_row('0/training0.jpg', 2.5), "the label '2.5' is not one of"),
    (affectnet_row('', 0), 'the path of the image is empty'),
    ('a.jpg,x,1,2,3,,0,0,0', "column face_x holds 'x'"),
    ('a.jpg,1,2,3', '4 cells, but the header has 9'),
])
def test_bad_rows_are_named(old, row, message):
    write_list(old, [affectnet_row('0/training0.jpg', 0), row])
    with pytest.raises(ValueError, match=f'training.csv, line 3: .*{message}'):
        AffectNet(str(old), 'train')


def test_new_release(new, log):
    dataset = AffectNet(str(new), 'train')
    # Sorted by number, and numbers or text alike.
    assert class_names(dataset) == [*NAMES, 'happiness']
    assert infos(dataset)[-1]['img_path'] == str(
        new / 'train_set/images/12.jpg')
    assert 'landmarks' not in infos(dataset)[0]
    assert 'Labeled none, skipped: 1 (8)' in log.text
    assert class_names(AffectNet(str(new), 'val', **SEVEN)) == [
        *NAMES[:7], 'happiness']


def test_new_release_images_of_other_kinds(new):
    images = new / 'train_set/images'
    (images / '3.jpg').rename(images / '3.PNG')
    assert infos(AffectNet(str(new), 'train'))[3]['img_path'].endswith('3.PNG')
    (images / '3.PNG').unlink()
    with pytest.raises(FileNotFoundError, match='1 of 9 .*images/3.jpg'):
        AffectNet(str(new), 'train')


def test_labels_are_cached(new, log):
    first = class_names(AffectNet(str(new), 'train'))
    cache = new / 'train_set/labels.ipdfer_mm.json'
    content = cache.read_text()
    assert json.loads(content)['labels']['12'] == 1
    # What the cache says is believed.
    cache.write_text(content.replace('"12": 1', '"12": 6'))
    assert class_names(AffectNet(str(new), 'train')) == [*first[:-1], 'anger']
    # Unless the folder of annotations has others: one more, or one renamed.
    annotations = new / 'train_set/annotations'
    np.save(annotations / '13_exp.npy', np.array('6'))
    write_image(new / 'train_set/images/13.jpg')
    assert class_names(AffectNet(str(new), 'train')) == [*first, 'anger']
    (annotations / '0_exp.npy').rename(annotations / '14_exp.npy')
    write_image(new / 'train_set/images/14.jpg')
    last = [*first[1:], 'anger', 'neutral']
    assert class_names(AffectNet(str(new), 'train')) == last
    # Or exchanged ones of the same names.
    cache.write_text(cache.read_text().replace('"12": 1', '"12": 6'))
    os.utime(annotations, (1, 1))
    assert class_names(AffectNet(str(new), 'train')) == last
    # Not a whole file, and not a cache.
    for text in (cache.read_text()[:40], '[]', '{"key": 1}'):
        cache.write_text(text)
        assert class_names(AffectNet(str(new), 'train')) == last
    assert log.text.count('cannot be read') == 2


def test_cache_that_cannot_be_written(new, log, monkeypatch):
    def refuse(*args):
        raise PermissionError(13, 'Permission denied', 'labels')

    monkeypatch.setattr(affectnet_files, 'write_atomically', refuse)
    assert len(AffectNet(str(new), 'train')) == 9
    assert 'Labels are not kept: [Errno 13] Permission denied' in log.text


@pytest.mark.parametrize('value, message', [
    (np.array('x'), "3_exp.npy: the label .*x.* is not one of 0 to 10"),
    (np.array([1, 2]), '3_exp.npy holds 2 values'),
    (np.array([None]), '3_exp.npy is no numpy file of numbers or text'),
    (b'', '3_exp.npy is no numpy file'),
    (b'not numpy', '3_exp.npy is no numpy file'),
])
def test_bad_label_files_are_named(new, value, message):
    path = new / 'train_set/annotations/3_exp.npy'
    if isinstance(value, bytes):
        path.write_bytes(value)
    else:
        np.save(path, value)
    with pytest.raises(ValueError, match=message):
        AffectNet(str(new), 'train')
    assert not (new / 'train_set/labels.ipdfer_mm.json').exists()


@pytest.mark.parametrize('split, kwargs, message', [
    ('train', {}, "both releases.*release='old'"),
    ('train', dict(release='2017'), "release='2017'"),
    ('test', {}, "split='test' is not one of train, val"),
])
def test_which_release(old, split, kwargs, message):
    layouts.make_affectnet_new(old)
    assert len(AffectNet(str(old), 'train', release='new')) == 9
    assert len(AffectNet(str(old), 'train', release='old')) == 8
    with pytest.raises(ValueError, match=message):
        AffectNet(str(old), split, **kwargs)


@pytest.mark.parametrize('folder, kwargs, message', [
    ('train_set', {}, 'neither.*train_set/annotat'),
    ('.', dict(release='old'), 'training.csv does not exist'),
    ('.', dict(release='new'), 'annotations is no folder'),
])
def test_missing_files(old, folder, kwargs, message):
    layouts.make_affectnet_new(old)
    (old / 'Manually_Annotated_file_lists/training.csv').unlink()
    (old / 'train_set/annotations').rename(old / 'train_set/gone')
    with pytest.raises(FileNotFoundError, match=message):
        AffectNet(str(old / folder), 'train', **kwargs)
