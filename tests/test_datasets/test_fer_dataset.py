import hashlib
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.config import ConfigDict
from mmengine.dataset import ConcatDataset
from mmengine.registry import DefaultScope

from ipdfer_mm.datasets import EXPRESSIONS, FERDataset
from ipdfer_mm.datasets.manifest import HEADER, read_manifest
from ipdfer_mm.geometry.yaw_bins import POSE_EDGES, yaw_bin
from ipdfer_mm.registry import DATASETS

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = [
    dict(img_path='a/0.png', expression='happiness', subject='p1', yaw=-12.5),
    dict(img_path='a/1.png', expression='anger', yaw=39.9,
         landmarks=[[0, 0], [1, 0], [0.5, 0.5], [0, 1], [1, 1]]),
    dict(img_path='b/0.png', expression='contempt'),
    dict(img_path='b/1.png', expression='neutral', yaw=math.nan,
         neutral_img_path='a/0.png'),
    dict(img_path='b/2.png', expression='anger', yaw=None),
]
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
    for folder in ('a', 'b', 'aligned'):
        (tmp_path / folder).mkdir()
    for sample in SAMPLES:
        (tmp_path / sample['img_path']).touch()
    return tmp_path


def row(path, aligned=None, yaw='', points=('', ) * 10, flags=''):
    aligned = aligned or 'aligned/' + path.replace('/', '_')
    return [path, aligned, yaw, '1', '2', '0.9', *points, flags]


def write_manifest(root, rows=None, header=HEADER):
    if rows is None:
        rows = [row(sample['img_path'], yaw='-21') for sample in SAMPLES]
        for _, aligned, *_ in rows:
            (root / aligned).touch()
    lines = [header, *rows]
    path = root / 'aligned/manifest.csv'
    path.write_text('\n'.join(','.join(cells) for cells in lines))
    return 'aligned/manifest.csv'


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
    assert list(EXPRESSIONS) == sorted(EXPRESSIONS)
    info = dataset.get_data_info(0)
    assert info == dict(
        img_path=str(root / 'a/0.png'), gt_label=3, subject='p1', yaw=-12.5,
        pose_label=1, aligned=False, sample_idx=0)
    assert dataset.get_data_info(1)['landmarks'].shape == (5, 2)
    assert dataset.get_data_info(1)['pose_label'] == 3
    assert dataset.get_data_info(3)['neutral_img_path'] == (
        str(root / 'a/0.png'))


def test_unknown_poses_are_counted(root, log):
    dataset = Toy(str(root))
    assert [dataset.get_data_info(i)['pose_label'] for i in range(5)] == [
        1, 3, -100, -100, -100]
    assert all(math.isnan(dataset.get_data_info(i)['yaw']) for i in (2, 3, 4))
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


def test_dropping_classes_must_be_asked_for(root, log):
    metainfo = dict(classes=EXPRESSIONS)
    with pytest.raises(ValueError, match="'contempt' of b/0.png.*drop_class"):
        Toy(str(root), metainfo=metainfo)
    dataset = Toy(str(root), metainfo=metainfo, drop_classes=['contempt'])
    assert len(dataset) == 4 and len(dataset.CLASSES) == 7
    assert 'Class contempt dropped: 1 (b/0.png).' in log.text


@pytest.mark.parametrize('classes, dropped', [
    (EIGHT, ('contempt', )),
    (EXPRESSIONS, ('contempt', 'joy')),
])
def test_drop_classes_that_make_no_sense(root, classes, dropped):
    with pytest.raises(ValueError, match='drop_classes='):
        Toy(str(root), metainfo=dict(classes=classes), drop_classes=dropped)


def test_class_order_is_that_of_metainfo(root):
    classes = EIGHT[::-1]
    dataset = Toy(str(root), metainfo=dict(classes=classes))
    assert dataset.metainfo['classes'] == classes
    assert list(dataset.get_gt_labels()) == [4, 7, 0, 3, 7]


@pytest.mark.parametrize('classes', [
    ('anger', 'happy'), ('anger', 'anger'), (), 'no such file'])
def test_class_names_must_be_known_and_different(root, classes):
    with pytest.raises(ValueError, match='different names out of'):
        Toy(str(root), metainfo=dict(classes=classes))


def test_metainfo_is_plain(root):
    config = ConfigDict(classes=list(EIGHT), pose_edges=[10, 20, 30, 40])
    for metainfo in (None, config):
        meta = Toy(str(root), metainfo=metainfo).metainfo
        assert meta == dict(classes=EIGHT, pose_edges=POSE_EDGES)
        assert type(meta['classes']) is tuple
        assert type(meta['pose_edges']) is tuple
    with pytest.raises(ValueError, match='pose_edges'):
        Toy(str(root), metainfo=dict(pose_edges=(15, 30)))


def test_missing_root_and_files(root, tmp_path):
    with pytest.raises(FileNotFoundError, match='nowhere.*a and b with imag'):
        Toy(str(tmp_path / 'nowhere'))
    with pytest.raises(FileNotFoundError, match='labels.txt.*a and b with i'):
        Toy(str(root), ann_file='labels.txt')
    with pytest.raises(FileNotFoundError, match='m.csv.*prepare_dataset'):
        Toy(str(root), manifest='m.csv')


def test_missing_images_are_listed_once(root, monkeypatch):
    samples = [
        dict(img_path=f'c/{i}.png', expression='anger') for i in range(13)
    ]
    monkeypatch.setattr(Toy, 'samples', SAMPLES + samples)
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
        Toy(str(root), metainfo=dict(classes=EXPRESSIONS),
            drop_classes=('contempt', ))


def test_base_class_says_what_is_missing(root):
    with pytest.raises(NotImplementedError, match='load_samples'):
        DATASETS.build(dict(type='FERDataset', data_root=str(root)))


def test_manifest_replaces_image_and_yaw(root, log):
    manifest = write_manifest(root)
    for sample in SAMPLES:
        (root / sample['img_path']).unlink()
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
    rows = [row(sample['img_path']) for sample in SAMPLES]
    rows[2][-1] = 'no_face;crop'
    for cells in rows:
        (root / cells[1]).touch()
    dataset = Toy(str(root), manifest=write_manifest(root, rows))
    assert dataset.num_known_poses == 0 and len(dataset) == 5
    assert 'recipe' not in dataset.metainfo
    assert 'Flagged no_face in the manifest, kept: 1' in log.text
    assert 'Flagged crop in the manifest, kept: 1' in log.text


def test_manifest_without_rows_or_images(root):
    rows = [row(sample['img_path']) for sample in SAMPLES[:3]]
    manifest = write_manifest(root, rows)
    with pytest.raises(ValueError, match=r'no row for 2 images: b/1.png, b/'
                       r'2.png\. Run tools/prepare_dataset.py again'):
        Toy(str(root), manifest=manifest)
    for cells in rows:
        (root / cells[1]).touch()
    dataset = Toy(str(root), manifest=manifest, drop_unprepared=True)
    assert len(dataset) == 3
    assert dataset.notes['Without a row in the manifest, left out'] == [
        'b/1.png', 'b/2.png']
    manifest = write_manifest(root)
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


def write_flags(root):
    rows = [row(sample['img_path'], flags=flags)
            for sample, flags in zip(SAMPLES, FLAGS)]
    for cells in rows:
        (root / cells[1]).touch()
    return write_manifest(root, rows)


def names(dataset):
    infos = map(dataset.get_data_info, range(len(dataset)))
    return [Path(info['img_path']).stem for info in infos]


@pytest.mark.parametrize('kwargs, left', [
    (dict(), ['a_0', 'a_1', 'b_0', 'b_1', 'b_2']),
    (dict(drop_flags=['also_in_train']), ['a_0', 'a_1', 'b_0', 'b_1']),
    (dict(drop_flags=['also_in_train', 'also_in_test']),
     ['a_0', 'a_1', 'b_1']),
    # One of several flags is enough.
    (dict(drop_flags=['no_face']), ['a_0', 'a_1', 'b_2']),
    # Flags have whole names.
    (dict(drop_flags=['also_in', 'face']),
     ['a_0', 'a_1', 'b_0', 'b_1', 'b_2']),
    (dict(drop_duplicates=True), ['a_0', 'b_1']),
    (dict(drop_duplicates=True, drop_flags=['no_face']), ['a_0']),
    (dict(only_flag='no_face', drop_duplicates=True), ['b_1']),
])
def test_flagged_images_can_be_left_out(root, kwargs, left):
    dataset = Toy(str(root), manifest=write_flags(root), **kwargs)
    assert names(dataset) == left


def test_images_left_out_are_counted(root, log):
    Toy(str(root), manifest=write_flags(root), drop_duplicates=True)
    for flag, name in (('repeated', 'a_1'), ('also_in_test', 'b_0'),
                       ('also_in_train', 'b_2')):
        assert f'Flagged {flag}, left out: 1 (aligned/{name}.png)' in log.text
    # Of those that stay.
    assert ('Flagged no_face in the manifest, kept: 1 (aligned/b_1.png)'
            in log.text)
    assert '2 samples' in log.text


def test_all_images_left_out(root):
    with pytest.raises(ValueError, match='no sample.*Flagged repeated, left '
                       'out: 1'):
        Toy(str(root), manifest=write_flags(root), drop_duplicates=True,
            drop_classes=['happiness', 'neutral'],
            metainfo=dict(classes=['anger', 'contempt']))


@pytest.mark.parametrize('kwargs', [
    dict(only_flag='no_face'),
    dict(drop_flags=['no_face']),
    dict(drop_duplicates=True),
])
def test_flags_need_a_manifest(root, kwargs):
    with pytest.raises(ValueError, match='only_flag, drop_flags.* need '
                       'a manifest'):
        Toy(str(root), **kwargs)


def test_flags_reach_the_model(root):
    manifest = write_flags(root)
    face = np.zeros((8, 8, 3), np.uint8)
    for path in (*root.glob('a*/*.png'), *root.glob('b/*.png')):
        cv2.imwrite(str(path), face)
    pipeline = [dict(type='ipdfer_mm.LoadFaceImage'),
                dict(type='ipdfer_mm.PackFaceInputs')]
    dataset = Toy(str(root), manifest=manifest, pipeline=pipeline)
    samples = [item['data_samples'] for item in dataset]
    assert [sample.flags for sample in samples] == [
        (), ('repeated', ), ('also_in_test', 'no_face'), ('no_face', ),
        ('also_in_train', )]
    assert 'flags' in samples[0].metainfo
    # A metric that needs them can tell that there was no manifest.
    assert 'flags' not in Toy(str(root), pipeline=pipeline)[0]['data_samples']


def test_whole_pipeline_from_a_config(root):
    face = np.zeros((112, 112, 3), np.uint8)
    face[:, :56] = 200
    manifest = write_manifest(root)
    for path in (root / 'aligned').glob('*.png'):
        cv2.imwrite(str(path), face)
    config = dict(
        data_root=str(root), manifest=manifest, pipeline=[
            dict(type='ipdfer_mm.LoadFaceImage'),
            # Aligned already, so the crop must not take effect.
            dict(type='ipdfer_mm.AlignFace', crop=40),
            dict(type='RandomFlip', prob=1.0),
            dict(type='ipdfer_mm.PackFaceInputs')])
    dataset = ConcatDataset([Toy(**config), Toy(**config)])
    packed = dataset[7]
    assert packed['inputs'].shape == (3, 112, 112)
    assert (packed['inputs'].numpy()
            == face[:, ::-1].transpose(2, 0, 1)).all()
    sample = packed['data_samples']
    assert sample.gt_label.tolist() == [7]
    assert sample.pose_label.tolist() == [2] and sample.yaw == 21


def test_steps_need_no_prefix_in_our_scope(root):
    pipeline = [dict(type=name) for name in (
        'LoadFaceImage', 'AlignFace', 'RandomFlip', 'PackFaceInputs')]
    pipeline[2]['prob'] = 0.5
    with DefaultScope.overwrite_default_scope('ipdfer_mm'):
        dataset = Toy(str(root), pipeline=pipeline)
    names = [type(step).__name__ for step in dataset.pipeline.transforms]
    assert names == [step['type'] for step in pipeline]


def test_found_from_another_package_with_nothing_imported():
    code = ('from mmpretrain.registry import DATASETS, TRANSFORMS\n'
            'for name in "FERDataset", "RAFDB", "CMUFaces":\n'
            '    assert DATASETS.get(f"ipdfer_mm.{name}"), name\n'
            'for name in "LoadFaceImage", "AlignFace", "PackFaceInputs":\n'
            '    assert TRANSFORMS.get(f"ipdfer_mm.{name}"), name\n')
    subprocess.run([sys.executable, '-c', code], check=True, cwd=ROOT)


def test_flags_are_a_list(root):
    with pytest.raises(ValueError, match="'also_in_train' must be a list"):
        Toy(str(root), manifest=write_flags(root), drop_flags='also_in_train')


@pytest.mark.parametrize('number, known', [(1, False), (2, True)])
def test_manifests_of_before_know_no_duplicates(root, number, known):
    """No flag means something only since they are looked for."""
    manifest = write_flags(root)
    recipe = (root / manifest).parent / 'recipe.json'
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
