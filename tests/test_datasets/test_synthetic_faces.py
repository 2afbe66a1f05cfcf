import csv
import json
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch.multiprocessing as mp
from helpers.dist_faces import load_faces
from helpers.samples import LOAD_AND_PACK, class_names, infos
from helpers.tiny_run import ROOT, free_port
from mmengine.config import Config
from mmengine.registry import DefaultScope

from ipdfer_mm.datasets import SyntheticFaces
from ipdfer_mm.geometry.yaw_bins import yaw_bin
from ipdfer_mm.registry import DATASETS
from ipdfer_mm.rendering import FaceRenderer, Population, parametric_head

SUBJECTS, IMAGES, SIZE = 7, 35, 48
ARGS = dict(split='test', num_subjects=SUBJECTS, num_images=IMAGES,
            img_size=SIZE, num_workers=0)
LOAD, PACK = LOAD_AND_PACK
PIPELINE = [LOAD, dict(type='ipdfer_mm.AlignFace', size=SIZE), PACK]


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    return str(tmp_path_factory.mktemp('faces') / 'cache')


@pytest.fixture(scope='module')
def dataset(root):
    return SyntheticFaces(root, **ARGS, pipeline=PIPELINE)


def read(path):
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)


def test_labels_and_images_are_those_of_the_renderer(dataset):
    population = Population('test', SUBJECTS, IMAGES)
    renderer = FaceRenderer(parametric_head())
    model = renderer.model
    with open(dataset.ann_file, newline='') as file:
        rows = list(csv.DictReader(file))
    assert len(dataset) == IMAGES
    assert class_names(dataset) == [
        image.expression for image in population.plan()]
    for i, (image, info) in enumerate(
            zip(population.plan(), infos(dataset))):
        spec = population.spec(image, population.subject(
            image.subject_number, len(model.identity)), SIZE)
        face = renderer.render(spec)
        assert np.array_equal(read(info['img_path']), face.image)
        paired_neutral = renderer.render(spec.neutral()).image
        assert np.array_equal(read(info['neutral_img_path']), paired_neutral)
        assert info['subject'] == image.subject and info['yaw'] == spec.yaw
        assert (spec.yaw, spec.pitch, spec.roll) == tuple(
            float(rows[i][name]) for name in ('yaw', 'pitch', 'roll'))
        assert info['pose_label'] == yaw_bin(spec.yaw) == image.yaw_bin
        np.testing.assert_allclose(
            info['landmarks'], face.five_points, atol=6e-4)


def test_goes_through_the_pipeline(dataset):
    packed, info = dataset[3], dataset.get_data_info(3)
    # AlignFace leaves it as it is.
    expected = cv2.imread(info['img_path']).transpose(2, 0, 1)
    assert np.array_equal(packed['inputs'].numpy(), expected)
    sample = packed['data_samples']
    for name in ('neutral_img_path', 'yaw', 'subject'):
        assert sample.get(name) == info[name]


def test_renders_only_what_is_missing(dataset, root):
    folder = Path(dataset.ann_file).parent
    removed = [
        folder / 'labels.csv',
        *(Path(dataset.get_data_info(i)['img_path']) for i in (0, 4, 11)),
        Path(dataset.get_data_info(20)['neutral_img_path'])]
    kept = Path(dataset.get_data_info(5)['img_path'])
    before = [path.read_bytes() for path in removed]
    changed = kept.stat().st_mtime_ns
    for paths in (removed, removed[1:], removed[:1]):
        for path in paths:
            path.unlink()
        assert len(SyntheticFaces(root, **ARGS)) == IMAGES
        assert [path.read_bytes() for path in removed] == before
        assert kept.stat().st_mtime_ns == changed


def test_subjects_as_classes(root, dataset):
    subjects = SyntheticFaces(root, **ARGS, label='subject')
    assert subjects.folder == dataset.folder
    names = [f'person_{600000 + i:06d}' for i in range(SUBJECTS)]
    assert list(subjects.CLASSES) == names
    assert Counter(class_names(subjects)) == dict.fromkeys(
        names, IMAGES // SUBJECTS)
    assert class_names(subjects) == [
        info['subject'] for info in infos(subjects)]
    lazy = SyntheticFaces(root, **ARGS, label='subject', lazy_init=True)
    assert lazy.CLASSES == subjects.CLASSES


def test_not_loaded_not_rendered(tmp_path):
    SyntheticFaces(str(tmp_path / 'cache'), **ARGS, lazy_init=True)
    assert not (tmp_path / 'cache').exists()


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


@pytest.mark.parametrize('split', ['train', 'val', 'test'])
def test_shipped_config(tmp_path, monkeypatch, split):
    monkeypatch.setenv('SYNTHETIC_FACES_ROOT', str(tmp_path))
    cfg = Config.fromfile(ROOT / 'configs/_base_/datasets/synthetic_faces.py')
    args = cfg[f'{split}_dataloader'].dataset
    assert args.split == split
    assert split == 'train' or args.num_images % 35 == 0
    # As shipped, but fewer.
    args.update(num_subjects=2, num_images=2, num_workers=0)
    with DefaultScope.overwrite_default_scope('ipdfer_mm'):
        assert DATASETS.build(args)[0]['inputs'].shape == (3, 64, 64)
