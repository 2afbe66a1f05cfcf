import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from helpers.tiny_run import run_test, save_plain_classifier
from mmengine.registry import DefaultScope
from PIL import Image

from ipdfer_mm.apis import ExpressionInferencer, get_model
from ipdfer_mm.datasets import SyntheticFaces
from ipdfer_mm.geometry import align_face
from ipdfer_mm.preparation.detection import Detections

ROOT = Path(__file__).resolve().parents[2]
GRAY = np.full((200, 200, 3), 128, np.uint8)


def scores(face):
    return list(face.probabilities.values())


def assert_same(first, second, places=.02, atol=1e-3):
    """The same faces at the same places."""
    assert len(first.faces) == len(second.faces)
    for one, other in zip(first.faces, second.faces):
        np.testing.assert_allclose(one.points, other.points, atol=places)
        np.testing.assert_allclose(scores(one), scores(other), atol=atol)


def test_faces_are_where_they_were_rendered(inferencer, portraits):
    """Three in one image, from left to right."""
    row = np.concatenate([portrait.image for portrait in portraits], axis=1)
    (result, ) = inferencer(row, synthesis=True)
    assert result.path is None and result.error is None
    assert len(result.faces) == 3
    for index, (face, portrait) in enumerate(zip(result.faces, portraits)):
        true = portrait.face.five_points + (200 * index, 0)
        # A head is 100 pixels high; the detector was trained on photographs.
        assert np.abs(face.points - true).max() < 10
        left, top, right, bottom = face.box
        assert (true[:, 0] > left).all() and (true[:, 0] < right).all()
        assert (true[:, 1] > top).all() and (true[:, 1] < bottom).all()
        assert face.detection_score > 0.9 and face.flags == ()
        assert face.angles.yaw == pytest.approx(portrait.yaw, abs=8)
        np.testing.assert_array_equal(face.aligned,
                                      align_face(row, face.points, 64))
        assert sum(face.probabilities.values()) == pytest.approx(1, abs=1e-5)
        assert face.probabilities[face.label] == max(
            face.probabilities.values())


def test_the_model_sees_the_aligned_faces(inferencer, portraits):
    """Against the model alone, on pixels made by hand."""
    (result, ) = inferencer(portraits[0].image, synthesis=True)
    face = result.faces[0]
    model = get_model('ipdfer_rendered', device='cpu')
    pixels = face.aligned[..., ::-1].astype(np.float32) / 127.5 - 1  # RGB
    inputs = torch.from_numpy(pixels).permute(2, 0, 1)[None]
    with torch.no_grad():
        expected = model(inputs).softmax(1)[0].tolist()
        images = model.synthesize(inputs)
    np.testing.assert_allclose(scores(face), expected, atol=1e-5)
    for name in ('neutral', 'reconstruction'):
        want = images[name][0].clamp(-1, 1).permute(1, 2, 0).numpy()
        want = (want[..., ::-1] + 1) * 127.5
        np.testing.assert_allclose(getattr(face, name), want, atol=.51)
    assert np.abs(face.neutral.astype(int) - face.reconstruction).max() > 0


def test_as_tools_test(inferencer, tmp_path):
    """Aligned faces get the predictions of tools/test.py."""
    faces = dict(num_subjects=5, num_images=35, img_size=64,
                 data_root=str(tmp_path), num_workers=0)
    dataset = SyntheticFaces(split='test', **faces)
    paths = [dataset.get_data_info(i)['img_path'] for i in range(35)]
    out = tmp_path / 'out.pkl'
    options = [f'test_dataloader.dataset.{key}={value}'
               for key, value in dict(faces, face_model=None).items()]
    run_test(ROOT / 'configs/ipdfer_rendered.py',
             'ipdfer_mm://ipdfer_rendered', tmp_path / 'work', '--out', out,
             '--cfg-options', 'test_dataloader.num_workers=0', *options)
    expected = pickle.loads(out.read_bytes())
    results = inferencer(paths, aligned=True)
    assert [result.path for result in results] == paths
    for result, sample in zip(results, expected):
        (face, ) = result.faces
        np.testing.assert_allclose(scores(face), sample['pred_score'],
                                   atol=1e-5)
        assert inferencer.classes.index(face.label) == int(
            sample['pred_label'])
        assert face.points is None and np.isnan(face.angles.yaw)
        np.testing.assert_array_equal(face.box, (0, 0, 64, 64))
    assert len({result.faces[0].label for result in results}) > 3


def test_kinds_of_files_and_arrays(inferencer, portraits, tmp_path):
    image = portraits[0].image
    alpha = np.full((*image.shape[:2], 1), 90, np.uint8)
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    for name, pixels in (('alpha.png', np.concatenate([image, alpha], 2)),
                         ('deep.png', image.astype(np.uint16) * 257),
                         ('gray.pgm', gray), ('plain.png', image)):
        cv2.imwrite(str(tmp_path / name), pixels)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by 90 degrees
    Image.fromarray(image[..., ::-1]).transpose(
        Image.Transpose.ROTATE_90).save(
        tmp_path / 'turned.jpg', exif=exif, quality=100, subsampling=0)
    (plain, ) = inferencer(image)
    assert len(plain.faces) == 1
    alpha, deep, gray_file, same, turned = inferencer(str(tmp_path))
    assert Path(turned.path).name == 'turned.jpg'
    for other in (alpha, deep, same, *inferencer(tmp_path / 'plain.png')):
        assert_same(plain, other)
    assert_same(plain, turned, places=1, atol=1)
    for other in inferencer([gray, gray[..., None]]):
        assert_same(gray_file, other)


def test_no_face_and_unreadable_files(inferencer, portraits, tmp_path):
    (tmp_path / 'broken.png').write_bytes(b'no image')
    images = [GRAY, tmp_path / 'broken.png', portraits[0].image,
              tmp_path / 'missing.png', GRAY[:9, :7]]
    results = inferencer(images, batch_size=2)
    assert [len(result.faces) for result in results] == [0, 0, 1, 0, 0]
    errors = [result.error for result in results]
    assert 'broken.png' in errors[1] and 'missing.png' in errors[3]
    assert errors[0] is errors[2] is errors[4] is None
    assert results[0].to_dict() == dict(path=None, faces=[])
    with pytest.raises(OSError, match=r'broken\.png'):
        inferencer(str(tmp_path / 'broken.png'))
    assert inferencer([tmp_path / 'broken.png'])[0].error is not None
    assert inferencer([]) == []


def test_batches_change_nothing(inferencer, portraits):
    images = [portrait.image for portrait in portraits]
    images = [images[0], GRAY, np.concatenate(images, axis=1), images[2]]
    apart, together = (inferencer(images, batch_size=size) for size in (1, 9))
    assert [len(result.faces) for result in together] == [1, 0, 3, 1]
    for first, second in zip(apart, together):
        assert_same(first, second)


def test_recipe(portraits):
    """The face of a tight crop is found where it is, as with a margin."""
    face = portraits[1].face
    left, top = (face.five_points.min(axis=0) - 20).astype(int)
    right, bottom = (face.five_points.max(axis=0) + 20).astype(int)
    tight = portraits[1].image[top:bottom, left:right]
    for recipe in dict(min_score=.5), dict(margin=.5, pose='none'):
        roomy = ExpressionInferencer('ipdfer_rendered', recipe=recipe)
        (found, ) = roomy(tight)[0].faces
        assert np.abs(found.points + (left, top) - face.five_points).max() < 10
    assert np.isnan(found.angles).all()
    strict = ExpressionInferencer('ipdfer_rendered',
                                  recipe=dict(min_score=1, retries=0))
    assert strict(portraits[1].image)[0].faces == ()
    for recipe in dict(min_scores=1), dict(min_score=1.1):
        with pytest.raises(ValueError, match='min_score'):
            ExpressionInferencer('ipdfer_rendered', recipe=recipe)


def test_profile_is_cut_out(inferencer, monkeypatch):
    """Points with the eyes crossed over cannot be aligned."""
    points = np.array([(60, 50), (40, 50), (45, 60), (58, 70), (42, 70)],
                      dtype=float)
    found = Detections.of([(-5., 30, 70, 90)], [.99], [points])
    monkeypatch.setattr(inferencer.finder, 'search',
                        lambda images, regions: [found])
    image = np.random.default_rng(0).integers(0, 256, (100, 100, 3), np.uint8)
    (face, ) = inferencer(image, synthesis=True)[0].faces
    assert face.flags == ('mirrored', )
    # The middle 60 columns of a box that begins 5 before the image.
    square = image[30:90, 2:62]
    np.testing.assert_array_equal(face.aligned, cv2.resize(square, (64, 64)))


@pytest.mark.parametrize('scope', [None, 'mmpretrain', 'ipdfer_mm'])
def test_default_scope_is_left_alone(scope, portraits, monkeypatch):
    monkeypatch.setattr(DefaultScope, '_instance_dict',
                        type(DefaultScope._instance_dict)())
    if scope is not None:
        DefaultScope.get_instance('test-scope', scope_name=scope)
    inferencer = ExpressionInferencer('ipdfer_rendered', device='cpu')
    assert len(inferencer(portraits[0].image)[0].faces) == 1
    current = DefaultScope.get_current_instance()
    assert (current and current.scope_name) == scope


@pytest.fixture(scope='module')
def classifier(tmp_path_factory):
    return save_plain_classifier(tmp_path_factory.mktemp('classifier'))


def test_plain_classifier(classifier, portraits):
    config, checkpoint = classifier
    with pytest.raises(ValueError, match='names the expressions'):
        ExpressionInferencer(config, checkpoint)
    names = tuple('abcdefg')
    inferencer = ExpressionInferencer(config, checkpoint, classes=names)
    assert inferencer.recipe.size == 32
    (face, ) = inferencer(portraits[0].image)[0].faces
    assert tuple(face.probabilities) == names and face.label in names
    assert face.neutral is None and face.aligned is None
    with pytest.raises(ValueError, match='ImageClassifier only classifies'):
        inferencer(portraits[0].image, synthesis=True)
    inferencer = ExpressionInferencer(config, checkpoint, classes=names[:6])
    with pytest.raises(ValueError, match='tells 7 expressions.* but 6 are na'):
        inferencer(portraits[0].image)


def test_bad_arguments(inferencer):
    with pytest.raises(ValueError, match='batch_size must be 1 or more'):
        inferencer(GRAY, batch_size=0)
    with pytest.raises(ValueError, match='must be an array of uint8'):
        inferencer(GRAY.astype(float))
    with pytest.raises(TypeError, match='not as int'):
        inferencer(5)
