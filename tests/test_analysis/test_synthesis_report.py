"""Subjects that are not named, and the mean of the training images."""

import numpy as np
import pytest
import torch
from helpers.face_images import (
    fear_classifier,
    make_face_images,
    random_images,
    rendered_faces,
)
from helpers.small_model import build_model
from mmengine.config import Config

from ipdfer_mm.analysis.synthesis_report import (
    SYNTHESIZED,
    classify_synthesis,
    load_images,
    load_mean_image,
    measure_identity_faces,
    measure_synthesis,
)
from ipdfer_mm.registry import DATASETS

SIZE = 32
PIPELINE = [dict(type='ipdfer_mm.LoadFaceImage'),
            dict(type='ipdfer_mm.PackFaceInputs')]


def measure(subjects):
    """Noise as images, faces and features."""
    rng = np.random.default_rng(0)
    count = len(subjects)
    faces = {}
    for name in ('input', *SYNTHESIZED):
        faces[name] = torch.from_numpy(rng.normal(size=(count, 3, 8, 8)))
        faces[f'{name}_feat'] = torch.from_numpy(rng.normal(size=(count, 4)))
    test = make_face_images(faces['input'], subjects=np.array(subjects))
    return measure_synthesis(faces, torch.zeros(3, 8, 8).double(), test), faces


def test_images_of_unknown_subjects_are_not_one_subject():
    subjects = ['a'] * 6 + ['b'] * 6
    report, faces = measure([*subjects, *[''] * 4])
    feats = faces['neutral_feat'].numpy()[:12]
    feats = feats / np.linalg.norm(feats, axis=1, keepdims=True)
    real = faces['input_feat'].numpy()[:12]
    real = real / np.linalg.norm(real, axis=1, keepdims=True)
    others = np.concatenate([(feats[:6] @ real[6:].T).ravel(),
                             (feats[6:] @ real[:6].T).ravel()])
    cosine = report['identity_cosine/neutral']
    assert cosine['other_subjects'] == pytest.approx(others.mean())
    assert report['left_out'] == dict(
        identity='the dataset does not name the subject of 4 of 16 test '
        'image(s)')


def test_faces_of_the_identity_alone():
    truth = torch.zeros(4, 3, 8, 8)
    identities = torch.tensor([0.1, -0.1, 0.3, 0.5]).view(4, 1, 1, 1)
    report = measure_identity_faces(
        identities.expand(4, 3, 8, 8), truth, torch.full((3, 8, 8), -0.2))
    assert report == pytest.approx(dict(
        l1=0.25, mean_image_l1=0.2, closer=0.5, num_images=4))


def test_no_subject_is_known():
    report, _ = measure([''] * 9)
    assert report['left_out'] == dict(
        identity='the dataset does not name the subject of 9 of 9 test '
        'image(s)')
    assert not any(name.startswith(('identity_', 'fisherface'))
                   for name in report)
    assert report['reconstruction_l1'] > 0


def test_mean_image_of_a_wrapped_training_set(tmp_path):
    """Of all images, as the test pipeline gives them."""
    faces = dict(type='ipdfer_mm.SyntheticFaces', data_root=str(tmp_path),
                 split='train', num_subjects=3, num_images=70, img_size=SIZE,
                 num_workers=0)
    turned = [PIPELINE[0], dict(type='mmpretrain.RandomFlip', prob=1.0),
              PIPELINE[1]]
    cfg = Config(dict(
        train_dataloader=dict(dataset=dict(
            type='mmengine.RepeatDataset', times=1,
            dataset=dict(pipeline=turned, **faces))),
        test_dataloader=dict(dataset=dict(pipeline=PIPELINE, **faces))))
    data = DATASETS.build(cfg.test_dataloader.dataset)
    images = np.stack([data[i]['inputs'].numpy() for i in range(70)])
    mean = images[:, ::-1].astype(float).mean(axis=0) / 127.5 - 1  # RGB
    actual = load_mean_image(cfg, build_model())
    assert actual.shape == (3, SIZE, SIZE)
    assert np.abs(actual.numpy() - mean).max() < 1e-5


def test_no_image_is_frontal_enough(tmp_path):
    dataset = rendered_faces(tmp_path, 35)
    yaws = [abs(dataset.get_data_info(i)['yaw']) for i in range(35)]
    images = load_images(dataset, build_model().eval(), sorted(yaws)[4])
    assert len(images.images) == 5
    with pytest.raises(ValueError, match='has a yaw up to 0 degrees'):
        load_images(dataset, build_model().eval(), 0)


def test_a_classifier_of_other_classes_is_refused():
    images = random_images(0, 2)
    test = make_face_images(images)  # of two classes
    with pytest.raises(ValueError, match='knows 7 classes, the dataset has 2'):
        classify_synthesis(fear_classifier(), dict(
            {name: images for name in ('input', *SYNTHESIZED)}), test)
