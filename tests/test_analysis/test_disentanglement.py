import math

import numpy as np
import pytest
import torch
from helpers.face_images import make_face_images
from helpers.small_model import SIZE, WIDTH, build_model
from helpers.tiny_run import baseline_cfg

from ipdfer_mm.analysis.disentanglement import (
    extract_components,
    find_factors,
    measure_components,
    pose_entropy,
)
from ipdfer_mm.registry import MODELS

SUBJECTS = np.repeat(['a', 'b', 'c', 'd', 'e'], 20)


def make_images(**kwargs):
    rng = np.random.default_rng(0)
    return make_face_images(torch.zeros(100, 3, 4, 4), **{**dict(
        subjects=SUBJECTS, yaws=rng.uniform(-60, 60, 100),
        expressions=rng.choice(['fear', 'joy', 'neutral'], 100),
        classes=('fear', 'joy', 'neutral')), **kwargs})


def test_components():
    model = build_model().eval()
    inputs = torch.rand(70, 3, SIZE, SIZE) * 2 - 1  # more than a batch
    feats = extract_components(model, inputs)
    assert list(feats) == ['f_id', 'f_pose', 'f_exp']
    with torch.no_grad():
        np.testing.assert_allclose(
            feats['f_pose'], model.pose_encoder(inputs), atol=1e-5)
    assert feats['f_id'].shape == (70, WIDTH)
    idfer = build_model(pose_encoder=None, pose_head=None).eval()
    assert list(extract_components(idfer, inputs[:2])) == ['f_id', 'f_exp']


def test_the_feature_of_a_baseline_is_the_input_of_its_head():
    model = MODELS.build(baseline_cfg()).eval()
    inputs = torch.rand(3, 3, SIZE, SIZE) * 2 - 1
    (name, feat), = extract_components(model, inputs).items()
    assert name == 'f_exp'
    with torch.no_grad():
        torch.testing.assert_close(model.head.fc(torch.from_numpy(feat)),
                                   model(inputs))


def test_components_of_another_model():
    with pytest.raises(ValueError, match='Linear is neither'):
        extract_components(torch.nn.Linear(1, 1), torch.zeros(1, 1))


def test_factors(rng):
    yaws = rng.uniform(-60, 60, 100)
    yaws[:30] = np.nan
    subjects = SUBJECTS.copy()
    subjects[-1] = 'f'  # one image only
    factors, left_out = find_factors(make_images(yaws=yaws, subjects=subjects))
    identity, yaw, expression = factors.values()
    assert left_out == {} and identity.groups is None
    assert identity.known.tolist() == (subjects != 'f').tolist()
    assert yaw.known.tolist() == (~np.isnan(yaws)).tolist()
    assert yaw.labels[30:].tolist() == np.digitize(
        np.abs(yaws[30:]), (10, 20, 30, 40)).tolist()
    assert expression.known.all() and (expression.groups == subjects).all()


@pytest.mark.parametrize('counts, expected', [
    ([7, 5, 4, 1], [7, 5, 0, 0]),  # an image for each of 5 parts
    ([9, 3, 3, 1], [9, 3, 3, 0]),  # no two have 5
    ([9, 1, 1, 1], [9, 0, 0, 0]),  # one image is never enough
    ([100, 32, 33, 5], [32, 32, 32, 5]),
])
def test_images_of_the_identity_probe(counts, expected):
    subjects = np.repeat(['a', 'b', 'c', 'd'], counts)
    number = len(subjects)
    factors, left_out = find_factors(make_face_images(
        torch.zeros(number, 3, 4, 4), subjects=subjects,
        yaws=np.linspace(-60, 60, number),
        expressions=np.resize(['fear', 'joy'], number),
        classes=('fear', 'joy')))
    if 'identity' not in factors:
        assert 'probes/identity' in left_out and expected[1:] == [0, 0, 0]
        return
    known = factors['identity'].known
    assert [known[subjects == name].sum() for name in 'abcd'] == expected
    if counts[0] == 100:  # evenly spaced
        assert np.flatnonzero(known)[[0, 1, 2, 31]].tolist() == [0, 3, 6, 96]


def test_subjects_must_be_known():
    subjects = SUBJECTS.copy()
    subjects[:7] = ''
    with pytest.raises(ValueError, match='7 of 100 images have no `subj'):
        find_factors(make_images(subjects=subjects))


def test_unknown_yaws_are_left_out(rng):
    images = make_images(yaws=np.full(100, np.nan))
    report = measure_components(
        dict(f_exp=rng.normal(size=(100, 8))), images, permutations=2)
    assert list(report['probes']['mlp']['cells']['f_exp']) == [
        'identity', 'expression']
    assert 'yaw' not in report
    assert 'dependence' not in report
    assert set(report['left_out']) == {'probes/yaw', 'yaw', 'dependence'}


def test_what_does_not_apply_is_left_out(rng):
    feats = dict(f_exp=rng.normal(size=(100, 8)))
    # Each subject shows each expression once.
    images = make_images(subjects=np.array([f's{i // 5}' for i in range(100)]),
                         expressions=np.resize(list('abcde'), 100))
    report = measure_components(feats, images, permutations=2)
    assert 'verification' not in report and 'yaw' in report
    assert 'Verification needs pairs' in report['left_out']['verification']
    # Yaws of one subject.
    yaws = np.where(SUBJECTS == 'a', np.linspace(-50, 50, 100), np.nan)
    report = measure_components(feats, make_images(yaws=yaws), permutations=2)
    assert {'probes/yaw', 'yaw'} < set(report['left_out'])
    assert 'yaw' not in report['probes']['linear']['cells']['f_exp']
    assert 'verification' in report
    # One subject in profile, one frontal: no part has both bins.
    images = make_images(
        yaws=np.where(SUBJECTS == 'a', 60., np.where(SUBJECTS == 'b', 0.,
                                                     np.nan)))
    report = measure_components(feats, images, permutations=2)
    assert 'two classes or more' in report['left_out']['probes/yaw']
    assert 'yaw' in report


def test_perfect_components():
    images = make_images()
    subject = np.unique(SUBJECTS, return_inverse=True)[1]
    expression = np.unique(images.expressions, return_inverse=True)[1]
    feats = dict(
        f_id=np.eye(5)[subject], f_pose=images.yaws[:, None] * np.ones(5),
        f_exp=np.eye(5)[expression])
    report = measure_components(feats, images, permutations=5)
    assert list(report['dependence']) == [
        'f_id/f_pose', 'f_id/f_exp', 'f_pose/f_exp']
    assert report['verification']['f_id']['auc'] == 1
    # All features of an expression are the same.
    assert report['verification']['f_exp']['auc'] == 0.5
    assert report['yaw']['f_pose']['r2'] > 0.999
    assert report['yaw']['f_exp']['r2'] < 0.1
    assert report['probes']['linear']['margin']['f_id'] > 0.8
    assert report['left_out'] == {}


def test_entropy_of_an_undecided_and_a_certain_classifier():
    model = build_model().eval()
    torch.nn.init.zeros_(model.pose_head.fc.weight)
    torch.nn.init.zeros_(model.pose_head.fc.bias)
    model.pose_head.fc.weight.data[0, 0] = 1
    feats = np.zeros((2, 3, WIDTH), dtype=np.float32)
    feats[0, :, 0] = 100  # certain of class 0
    feats[1, 0, 0] = math.log(4)  # 1/2 for it, 1/8 for each other
    result = pose_entropy(model, dict(f_pose=feats[0], f_exp=feats[1]))
    assert result['f_pose'] == pytest.approx(0, abs=1e-6)
    uneven = (math.log(2) / 2 + 4 * math.log(8) / 8) / math.log(5)
    assert result['f_exp'] == pytest.approx((2 + uneven) / 3)
