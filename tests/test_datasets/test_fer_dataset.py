import hashlib
import json
import math
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers.samples import LOAD_AND_PACK, class_names, infos, touch
from mmengine.config import ConfigDict
from mmengine.dataset import ConcatDataset

from ipdfer_mm.datasets import EXPRESSIONS, FERDataset
from ipdfer_mm.datasets.manifest import HEADER, read_manifest
from ipdfer_mm.geometry.yaw_bins import POSE_EDGES, yaw_bin
from ipdfer_mm.registry import DATASETS

SAMPLES = [
    dict(img_path='a/0.png', expression='happiness', subject='p1', yaw=-12.5),
    dict(img_path='a/1.png', expression='anger', yaw=39.9,
         landmarks=[[0, 0], [1, 0], [0.5, 0.5], [0, 1], [1, 1]]),
    dict(img_path='b/0.png', expression='contempt'),
    dict(img_path='b/1.png', expression='neutral', yaw=math.nan,
         neutral_img_path='a/0.png'),
    dict(img_path='b/2.png', expression='anger', yaw=None),
]
PATHS = [sample['img_path'] for sample in SAMPLES]
NAMES = ['happiness', 'anger', 'contempt', 'neutral', 'anger']
EIGHT = (*EXPRESSIONS, 'contempt')


class Toy(FERDataset):
    METAINFO = dict(classes=EIGHT)
    LAYOUT = 'a and b with images'
    samples = SAMPLES

    def load_samples(self):
        for sample in self.samples:
            yield dict(sample)


@pytest.fixture
def root(tmp_path):
    (tmp_path / 'aligned').mkdir()
    return touch(tmp_path, *PATHS)


def row(path, aligned=None, yaw='', points=('', ) * 10, flags=''):
    aligned = aligned or 'aligned/' + path.replace('/', '_')
    return [path, aligned, yaw, '1', '2', '0.9', *points, flags]


def write_manifest(root, rows, header=HEADER):
    path = root / 'aligned/manifest.csv'
    path.write_text('\n'.join(','.join(cells) for cells in [header, *rows]))
    return 'aligned/manifest.csv'


def align(root, yaw='', flags=('', ) * 5):
    """A manifest of all images, and their aligned ones."""
    rows = [row(path, yaw=yaw, flags=flag) for path, flag in zip(PATHS, flags)]
    touch(root, *(cells[1] for cells in rows))
    return write_manifest(root, rows)


@pytest.mark.parametrize('yaw, label', [
    (0, 0), (9.999, 0), (10, 1), (19.9, 1), (20, 2), (30, 3), (39.9, 3),
    (40, 4), (90, 4), (-9.999, 0), (-10, 1), (-40.5, 4), (None, -100),
    (math.nan, -100), (np.float32('nan'), -100), (np.float32(25), 2),
])
def test_yaw_bin(yaw, label):
    assert yaw_bin(yaw) == label


def test_labels_come_from_names(root):
    dataset = Toy(str(root))
    assert list(dataset.get_gt_labels()) == [3, 0, 7, 4, 0]
    assert class_names(dataset) == NAMES
    first, second, _, fourth, _ = infos(dataset)
    assert first == dict(
        img_path=str(root / 'a/0.png'), gt_label=3, subject='p1', yaw=-12.5,
        pose_label=1, aligned=False, sample_idx=0)
    assert second['landmarks'].shape == (5, 2)
    assert fourth['neutral_img_path'] == str(root / 'a/0.png')
    assert class_names(Toy(str(root), metainfo=dict(
        classes=EIGHT[::-1]))) == NAMES


def test_unknown_poses_are_counted(root, log):
    dataset = Toy(str(root))
    assert [info['pose_label'] for info in infos(dataset)] == [
        1, 3, -100, -100, -100]
    assert all(math.isnan(info['yaw']) for info in infos(dataset)[2:])
    assert dataset.num_known_poses == 2
    assert dataset.get_subset(1).num_known_poses == 1
    assert Toy(str(root), lazy_init=True).num_known_poses == 2
    assert ('5 samples (anger 2, disgust 0, fear 0, happiness 1, neutral 1, '
            'sadness 0, surprise 0, contempt 1), 3 with unknown pose.'
            ) in log.text


def test_unknown_name_is_an_error(root, monkeypatch):
    monkeypatch.setattr(
        Toy, 'samples', [dict(img_path='a/0.png', expression='Happy')])
    with pytest.raises(ValueError, match="'Happy' of a/0.png.*happiness"):
        Toy(str(root))


def test_dropped_classes_are_counted(root, log):
    dataset = Toy(str(root), metainfo=dict(classes=EXPRESSIONS),
                  drop_classes=['contempt'])
    assert len(dataset) == 4 and len(dataset.CLASSES) == 7
    assert 'Class contempt dropped: 1 (b/0.png).' in log.text


SEVEN = dict(classes=EXPRESSIONS)


@pytest.mark.parametrize('kwargs, message', [
    (dict(metainfo=SEVEN), "'contempt' of b/0.png.*drop_class"),
    (dict(drop_classes=['contempt']), 'drop_classes='),
    (dict(metainfo=SEVEN, drop_classes=['contempt', 'joy']), 'drop_classes='),
    (dict(metainfo=dict(classes=('anger', 'happy'))), 'different names'),
    (dict(metainfo=dict(classes=('anger', 'anger'))), 'different names'),
    (dict(metainfo=dict(classes=())), 'different names'),
    (dict(metainfo=dict(classes='no such file')), 'different names'),
    (dict(metainfo=dict(pose_edges=(15, 30))), 'pose_edges'),
    (dict(only_flag='no_face'), 'only_flag, drop_flags.* need a manifest'),
    (dict(drop_flags=['no_face']), 'need a manifest'),
    (dict(drop_duplicates=True), 'need a manifest'),
    (dict(manifest='m', drop_flags='no_face'), "'no_face' must be a list"),
])
def test_arguments_that_make_no_sense(root, kwargs, message):
    with pytest.raises(ValueError, match=message):
        Toy(str(root), **kwargs)


def test_metainfo_is_plain(root):
    config = ConfigDict(classes=list(EIGHT), pose_edges=[10, 20, 30, 40])
    for metainfo in (None, config):
        meta = Toy(str(root), metainfo=metainfo).metainfo
        assert meta == dict(classes=EIGHT, pose_edges=POSE_EDGES)
        assert type(meta['classes']) is type(meta['pose_edges']) is tuple


@pytest.mark.parametrize('folder, kwargs, message', [
    ('nowhere', {}, 'nowhere.*a and b with imag'),
    ('.', dict(ann_file='labels.txt'), 'labels.txt.*a and b with i'),
    ('.', dict(manifest='m.csv'), 'm.csv.*prepare_dataset'),
])
def test_missing_root_and_files(root, folder, kwargs, message):
    with pytest.raises(FileNotFoundError, match=message):
        Toy(str(root / folder), **kwargs)


def test_missing_images_are_listed_once(root, monkeypatch):
    monkeypatch.setattr(Toy, 'samples', SAMPLES + [
        dict(img_path=f'c/{i}.png', expression='anger') for i in range(13)])
    (root / 'b/1.png').unlink()
    (root / 'a/0.png').unlink()
    (root / 'a/0.png').symlink_to('gone.png')
    with pytest.raises(FileNotFoundError) as error:
        Toy(str(root))
    # a/0.png is an image and a paired neutral image.
    text = str(error.value)
    assert '16 of 19 images' in text and text.count('.png') == 10
    assert str(root / 'b/1.png') in text and 'and 6 more' in text


def test_looking_for_images_lists_folders_once(root, monkeypatch):
    listed = []
    scandir = os.scandir
    monkeypatch.setattr(
        os, 'scandir', lambda path: listed.append(path) or scandir(path))
    Toy(str(root))
    assert sorted(listed) == [str(root / 'a'), str(root / 'b')]


def test_empty_is_refused(root, monkeypatch):
    monkeypatch.setattr(Toy, 'samples', SAMPLES[2:3])
    with pytest.raises(ValueError, match='no sample.*contempt dropped: 1'):
        Toy(str(root), metainfo=SEVEN, drop_classes=('contempt', ))


def test_base_class_says_what_is_missing(root):
    with pytest.raises(NotImplementedError, match='load_samples'):
        DATASETS.build(dict(type='FERDataset', data_root=str(root)))


def test_manifest_replaces_image_and_yaw(root):
    manifest = align(root, yaw='-21')
    for path in PATHS:
        (root / path).unlink()
    (root / 'aligned/recipe.json').write_text('{"size": 112}')
    dataset = Toy(str(root), manifest=manifest)
    info = dataset.get_data_info(3)
    assert info['img_path'] == str(root / 'aligned/b_1.png')
    assert info['neutral_img_path'] == str(root / 'aligned/a_0.png')
    assert (info['yaw'], info['pose_label'], info['aligned']) == (-21, 2, True)
    # They would be those of the image before alignment.
    assert 'landmarks' not in dataset.get_data_info(1)
    assert dataset.num_known_poses == 5
    assert dataset.metainfo['recipe'] == hashlib.sha256(
        b'{"size": 112}').hexdigest()


def test_manifest_unknown_yaw_and_flags(root, log):
    dataset = Toy(str(root), manifest=align(
        root, flags=('', '', 'no_face;crop', '', '')))
    assert dataset.num_known_poses == 0 and len(dataset) == 5
    assert 'recipe' not in dataset.metainfo
    assert 'Flagged no_face in the manifest, kept: 1' in log.text
    assert 'Flagged crop in the manifest, kept: 1' in log.text


def test_manifest_without_rows_or_images(root):
    align(root)
    manifest = write_manifest(root, [row(path) for path in PATHS[:3]])
    with pytest.raises(ValueError, match=r'no row for 2 images: b/1.png, b/'
                       r'2.png\. Run tools/prepare_dataset.py again'):
        Toy(str(root), manifest=manifest)
    dataset = Toy(str(root), manifest=manifest, drop_unprepared=True)
    assert len(dataset) == 3
    assert dataset.notes['Without a row in the manifest, left out'] == [
        'b/1.png', 'b/2.png']
    manifest = align(root)
    (root / 'aligned/a_1.png').unlink()
    with pytest.raises(FileNotFoundError, match='1 of 6.*a_1.png.*Run tools'):
        Toy(str(root), manifest=manifest)


BAD_POINTS = ('1', ) * 9 + ('', )


@pytest.mark.parametrize('rows, header, message', [
    ([], HEADER[:-1], 'line 1: the header must be exactly path,'),
    ([], HEADER + ('more', ), 'line 1: the header must be exactly path,'),
    ([], HEADER[1::-1] + HEADER[2:], 'line 1: the header'),
    ([], (), "line 1: the header.*but it is ''"),
    ([row('a'), row('b', yaw='x')], HEADER, "line 3: column yaw holds 'x'"),
    ([row('a', yaw='nan')], HEADER, "line 2: column yaw holds 'nan'"),
    ([row('a', points=BAD_POINTS)], HEADER, 'line 2: some of the ten cells'),
    ([row('a'), row('b'), row('a', 'c')], HEADER,
     'line 4: path a is already in .*line 2'),
    ([row('a', 'c'), row('b', 'c')], HEADER,
     'line 3: aligned_path c is already in .*line 2'),
    ([row('')], HEADER, 'line 2: path is empty'),
    ([row('a')[:-1]], HEADER, 'line 2: 16 cells, but the header has 17'),
])
def test_manifest_errors_name_the_line(root, rows, header, message):
    manifest = str(root / write_manifest(root, rows, header))
    with pytest.raises(ValueError, match='manifest.csv, ' + message):
        read_manifest(manifest)


def test_manifest_that_is_no_text(root):
    path = root / 'aligned/manifest.csv'
    path.write_bytes(b'\xff\xd8\xff\xe0' + bytes(range(128, 178)))
    with pytest.raises(ValueError, match='manifest.csv.*not CSV text in UTF'):
        read_manifest(str(path))


def test_manifest_row(root):
    points = [str(i) for i in range(10)]
    rows = [row('a', 'z', '-3.5', points, 'x;y'), row('b')]
    # As a spreadsheet saves it.
    path = root / write_manifest(root, rows)
    path.write_bytes(b'\xef\xbb\xbf' + path.read_bytes().replace(
        b'\n', b'\r\n'))
    first, second = read_manifest(str(path)).values()
    assert (first.aligned_path, first.yaw, first.pitch, first.roll,
            first.score, first.flags) == ('z', -3.5, 1, 2, 0.9, ('x', 'y'))
    np.testing.assert_array_equal(first.points, np.arange(10).reshape(5, 2))
    assert math.isnan(second.yaw) and second.points is None
    assert second.flags == ()


FLAGS = ('', 'repeated', 'also_in_test;no_face', 'no_face', 'also_in_train')


@pytest.mark.parametrize('kwargs, left', [
    (dict(), 'a_0 a_1 b_0 b_1 b_2'),
    (dict(drop_flags=['also_in_train']), 'a_0 a_1 b_0 b_1'),
    (dict(drop_flags=['also_in_train', 'also_in_test']), 'a_0 a_1 b_1'),
    # One of several flags is enough.
    (dict(drop_flags=['no_face']), 'a_0 a_1 b_2'),
    # Flags have whole names.
    (dict(drop_flags=['also_in', 'face']), 'a_0 a_1 b_0 b_1 b_2'),
    (dict(only_flag='no_face'), 'b_0 b_1'),
    (dict(drop_duplicates=True), 'a_0 b_1'),
    (dict(drop_duplicates=True, drop_flags=['no_face']), 'a_0'),
    (dict(only_flag='no_face', drop_duplicates=True), 'b_1'),
])
def test_flagged_images_can_be_left_out(root, kwargs, left):
    dataset = Toy(str(root), manifest=align(root, flags=FLAGS), **kwargs)
    assert [Path(info['img_path']).stem
            for info in infos(dataset)] == left.split()


def test_images_left_out_are_counted(root, log):
    Toy(str(root), manifest=align(root, flags=FLAGS), drop_duplicates=True)
    for flag, name in (('repeated', 'a_1'), ('also_in_test', 'b_0'),
                       ('also_in_train', 'b_2')):
        assert f'Flagged {flag}, left out: 1 (aligned/{name}.png)' in log.text
    # Of those that stay.
    assert ('Flagged no_face in the manifest, kept: 1 (aligned/b_1.png)'
            in log.text)
    assert '2 samples' in log.text


@pytest.mark.parametrize('flag, message', [
    ('larger', 'Not flagged larger, left out: 5'),
    ('repeated', 'Flagged repeated, left out: 1'),
])
def test_all_images_left_out(root, flag, message):
    with pytest.raises(ValueError, match=f'no sample.*{message}'):
        Toy(str(root), manifest=align(root, flags=FLAGS), only_flag=flag,
            drop_duplicates=flag == 'repeated')


def test_flags_reach_the_model(root):
    manifest = align(root, flags=FLAGS)
    for path in root.rglob('*.png'):
        cv2.imwrite(str(path), np.zeros((8, 8, 3), np.uint8))
    dataset = Toy(str(root), manifest=manifest, pipeline=LOAD_AND_PACK)
    samples = [item['data_samples'] for item in dataset]
    assert [sample.flags for sample in samples] == [
        (), ('repeated', ), ('also_in_test', 'no_face'), ('no_face', ),
        ('also_in_train', )]
    assert 'flags' in samples[0].metainfo
    # A metric that needs them can tell that there was no manifest.
    assert 'flags' not in Toy(
        str(root), pipeline=LOAD_AND_PACK)[0]['data_samples']


def test_whole_pipeline_from_a_config(root):
    face = np.zeros((112, 112, 3), np.uint8)
    face[:, :56] = 200
    manifest = align(root, yaw='-21')
    for path in (root / 'aligned').glob('*.png'):
        cv2.imwrite(str(path), face)
    load, pack = LOAD_AND_PACK
    config = dict(
        data_root=str(root), manifest=manifest, pipeline=[
            # Aligned already, so the crop must not take effect.
            load, dict(type='ipdfer_mm.AlignFace', crop=40),
            dict(type='RandomFlip', prob=1.0), pack])
    packed = ConcatDataset([Toy(**config), Toy(**config)])[7]
    assert (packed['inputs'].numpy()
            == face[:, ::-1].transpose(2, 0, 1)).all()
    sample = packed['data_samples']
    assert sample.gt_label.tolist() == [7]
    assert sample.pose_label.tolist() == [2] and sample.yaw == 21


@pytest.mark.parametrize('number, known', [(1, False), (2, True)])
def test_manifests_of_before_know_no_duplicates(root, number, known):
    """No flag means something only since they are looked for."""
    manifest = align(root, flags=FLAGS)
    recipe = root / 'aligned/recipe.json'
    recipe.write_text(json.dumps(dict(format=number)))
    info = Toy(str(root), manifest=manifest).get_data_info(0)
    assert ('flags' in info) == known
    # Others are what they were.
    Toy(str(root), manifest=manifest, drop_flags=['no_face'])
    for kwargs in (dict(drop_duplicates=True),
                   dict(drop_flags=['also_in_train'])):
        if known:
            Toy(str(root), manifest=manifest, **kwargs)
        else:
            with pytest.raises(ValueError, match='did not look for dup'):
                Toy(str(root), manifest=manifest, **kwargs)
    recipe.write_text('{"format": ')
    with pytest.raises(ValueError, match='recipe.json is damaged'):
        Toy(str(root), manifest=manifest)
