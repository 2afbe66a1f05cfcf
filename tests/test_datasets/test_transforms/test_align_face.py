import numpy as np
import pytest

from ipdfer_mm.datasets import AlignFace
from ipdfer_mm.geometry import ARCFACE_TEMPLATE, align_face, center_crop


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(
        0, 256, (120, 128, 3), dtype=np.uint8)


def test_landmarks_align(image):
    points = ARCFACE_TEMPLATE * 0.8 + 9
    results = AlignFace(size=64).transform(
        dict(img=image, img_shape=(120, 128), landmarks=points))
    assert (results['img'] == align_face(image, points, 64)).all()
    assert results['img_shape'] == (64, 64)
    # Those of the old image would lead the next step astray.
    assert 'landmarks' not in results


@pytest.mark.parametrize('crop', [None, 80])
def test_without_landmarks_the_middle_is_cut(image, crop):
    results = AlignFace(crop=crop).transform(dict(img=image))
    assert (results['img'] == center_crop(image, crop, 112)).all()
    assert results['img'].shape == (112, 112, 3)


@pytest.mark.parametrize('extra', [{}, dict(landmarks=ARCFACE_TEMPLATE + 9)])
def test_aligned_images_are_left_as_they_are(image, extra):
    aligned = image[:112, :112]
    results = AlignFace(crop=80).transform(
        dict(img=aligned, aligned=True, **extra))
    assert (results['img'] == aligned).all()
    assert 'landmarks' not in results


def test_errors_name_the_file(image):
    mirrored = ARCFACE_TEMPLATE * [-1, 1]
    sample = dict(img=image, img_path='x/y.png')
    with pytest.raises(ValueError, match='x/y.png: The points are mirrored'):
        AlignFace().transform(dict(sample, landmarks=mirrored))
    with pytest.raises(ValueError, match='x/y.png: A center crop of 121'):
        AlignFace(crop=121).transform(sample)
    with pytest.raises(ValueError, match='image without a path'):
        AlignFace(crop=121).transform(dict(img=image))
