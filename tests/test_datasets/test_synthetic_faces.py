import csv
import json
import os
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch.multiprocessing as mp
from helpers.dist_faces import load_faces
from helpers.tiny_run import ROOT, free_port
from mmengine.config import Config
from mmengine.registry import DefaultScope

from ipdfer_mm.datasets import EXPRESSIONS, SyntheticFaces
from ipdfer_mm.geometry.yaw_bins import yaw_bin
from ipdfer_mm.registry import DATASETS
from ipdfer_mm.rendering import FaceRenderer, Population, parametric_head

SUBJECTS, IMAGES, SIZE = 7, 35, 48
ARGS = dict(
    split='test',
    num_subjects=SUBJECTS,
    num_images=IMAGES,
    img_size=SIZE,
    num_workers=0)
PIPELINE = [
    dict(type='ipdfer_mm.LoadFaceImage'),
    dict(type='ipdfer_mm.AlignFace', size=SIZE),
    dict(type='ipdfer_mm.PackFaceInputs')
]


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    return str(tmp_path_factory.mktemp('faces') / 'cache')


@pytest.fixture(scope='module')
def dataset(root):
    return SyntheticFaces(root, **ARGS, pipeline=PIPELINE)


def infos(dataset):
    return [dataset.get_data_info(i) for i in range(len(dataset))]


def read(path):
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)


def test_labels_and_images_are_those_of_the_renderer(dataset, root):
    population = Population('test', SUBJECTS, IMAGES)
    renderer = FaceRenderer(parametric_head())
    with np.load(f'{root}/{dataset.folder}/details.npz') as file:
        details = dict(file)
    with open(dataset.ann_file, newline='') as file:
        rows = list(csv.DictReader(file))
    assert len(dataset) == IMAGES
    assert tuple(details['expression_names']) == tuple(
        renderer.model.expression_names)
    to_vector = renderer.model.expression_vector
    for i, (image, info) in enumerate(
            zip(population.plan(), infos(dataset))):
        spec = population.spec(
            image,
            population.subject(
                image.subject_number, len(renderer.model.identity)),
            SIZE)
        face = renderer.render(spec)
        assert np.array_equal(read(info['img_path']), face.image)
        paired_neutral = renderer.render(spec.neutral()).image
        assert np.array_equal(read(info['neutral_img_path']), paired_neutral)
        assert dataset.CLASSES[info['gt_label']] == image.expression
        assert info['subject'] == image.subject
        assert info['yaw'] == spec.yaw == float(rows[i]['yaw'])
        assert (spec.pitch, spec.roll) == (float(rows[i]['pitch']),
                                           float(rows[i]['roll']))
        assert info['pose_label'] == yaw_bin(spec.yaw) == image.yaw_bin
        np.testing.assert_allclose(
            info['landmarks'], face.five_points, atol=6e-4)
        assert np.array_equal(details['landmarks68'][i], face.landmarks68)
        assert np.array_equal(details['expression'][i],
                              to_vector(spec.expression))
        assert np.array_equal(details['resting_face'][i],
                              to_vector(spec.subject.resting_face))


def test_twins_differ_unless_neutral(dataset):
    for info in infos(dataset):
        same = np.array_equal(
            read(info['img_path']), read(info['neutral_img_path']))
        assert same == (EXPRESSIONS[info['gt_label']] == 'neutral')


def test_goes_through_the_pipeline(dataset):
    packed = dataset[3]
    info = dataset.get_data_info(3)
    # AlignFace leaves it as it is.
    expected = cv2.imread(info['img_path']).transpose(2, 0, 1)
    assert np.array_equal(packed['inputs'].numpy(), expected)
    sample = packed['data_samples']
    assert sample.gt_label.tolist() == [info['gt_label']]
    assert sample.pose_label.tolist() == [info['pose_label']]
    assert sample.neutral_img_path == info['neutral_img_path']
    assert (sample.yaw, sample.subject) == (info['yaw'], info['subject'])


def test_renders_only_what_is_missing(dataset, root):
    folder = dataset.get_data_info(0)['img_path'].rsplit('/', 2)[0]
    removed = [
        folder + '/labels.csv', folder + '/details.npz',
        *(dataset.get_data_info(i)['img_path'] for i in (0, 4, 11)),
        dataset.get_data_info(20)['neutral_img_path']
    ]
    kept = dataset.get_data_info(5)['img_path']
    before = {path: Path(path).read_bytes() for path in removed}
    for paths in (removed, removed[2:], removed[:1], removed[1:2]):
        for path in paths:
            os.remove(path)
        changed = os.stat(kept).st_mtime_ns
        again = SyntheticFaces(root, **ARGS)
        assert len(again) == IMAGES
        assert {path: Path(path).read_bytes() for path in removed} == before
        assert os.stat(kept).st_mtime_ns == changed


def test_subjects_as_classes(root, dataset):
    subjects = SyntheticFaces(root, **ARGS, label='subject')
    assert subjects.folder == dataset.folder
    names = [f'person_{600000 + i:06d}' for i in range(SUBJECTS)]
    assert list(subjects.CLASSES) == names
    assert Counter(info['gt_label'] for info in infos(subjects)) == {
        i: IMAGES // SUBJECTS for i in range(SUBJECTS)
    }
    for info in infos(subjects):
        assert subjects.CLASSES[info['gt_label']] == info['subject']
    lazy = SyntheticFaces(root, **ARGS, label='subject', lazy_init=True)
    assert lazy.CLASSES == subjects.CLASSES


def test_not_loaded_not_rendered(tmp_path):
    SyntheticFaces(str(tmp_path / 'cache'), **ARGS, lazy_init=True)
    assert not (tmp_path / 'cache').exists()


def test_ict_model(shared, tmp_path):
    dataset = SyntheticFaces(
        str(tmp_path), 'val', num_subjects=2, num_images=2, img_size=32,
        face_model=str(shared / 'data/ict_facekit/ict_facekit_light.npz'),
        num_workers=0)
    for info in infos(dataset):
        assert read(info['img_path']).std() > 10


@pytest.mark.parametrize('face_model', ['', 'none.npz'])
def test_first_process_renders_for_all(tmp_path, face_model):
    mp.spawn(
        load_faces, (2, free_port(), str(tmp_path), face_model), nprocs=2)
    first, second = (
        json.loads((tmp_path / f'{rank}.json').read_text())
        for rank in range(2))
    if face_model:
        assert first.startswith('FileNotFoundError: The face model none.npz')
        assert second.startswith('RuntimeError') and 'see its error' in second
    else:
        assert first == second and len(first) == 4


@pytest.mark.parametrize('change, error, message', [
    (dict(label='pose'), ValueError, "label is 'pose', not one of"),
    (dict(split='dev'), ValueError, "split is 'dev'"),
    (dict(num_images=6), ValueError, 'at least num_subjects, which is 7'),
    (dict(img_size=8), ValueError, 'size of images is 8'),
    (dict(num_workers=-1), ValueError, 'number of workers is -1'),
    (dict(face_model='none.npz'), FileNotFoundError,
     r'The face model none.npz does not exist.*face_model=None'),
    (dict(metainfo=dict(classes=['anger', 'glee'])), ValueError,
     'must be different names'),
    (dict(metainfo=dict(classes=['person_1'])), ValueError,
     'must be different names'),
])
def test_errors(root, change, error, message):
    with pytest.raises(error, match=message):
        SyntheticFaces(root, **{**ARGS, **change})


def test_shipped_config(tmp_path, monkeypatch):
    monkeypatch.setenv('SYNTHETIC_FACES_ROOT', str(tmp_path))
    cfg = Config.fromfile(ROOT / 'configs/_base_/datasets/synthetic_faces.py')
    for split in ('train', 'val', 'test'):
        args = cfg[f'{split}_dataloader'].dataset
        assert args.split == split
        population = Population(split, args.num_subjects, args.num_images)
        assert split == 'train' or len(population.plan()) % 35 == 0
        # As shipped, but fewer.
        args.update(num_subjects=2, num_images=2, num_workers=0)
        with DefaultScope.overwrite_default_scope('ipdfer_mm'):
            packed = DATASETS.build(args)[0]
        assert packed['inputs'].shape == (3, 64, 64)
