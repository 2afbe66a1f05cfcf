import csv

import cv2
import numpy as np
import pytest

from ipdfer_mm.geometry import (
    ARCFACE_TEMPLATE,
    align_face,
    center_crop,
    scaled_template,
    similarity_transform,
)
from ipdfer_mm.geometry.five_points import POINT_COLUMNS


def rotation(degrees):
    angle = np.radians(degrees)
    return np.array([[np.cos(angle), -np.sin(angle)],
                     [np.sin(angle), np.cos(angle)]])


def place(points, degrees, scale, shift):
    """Rotate, scale, then shift points by known numbers."""
    return scale * points @ rotation(degrees).T + shift


def least_squares(points, template):
    """Solve a x - b y + c = u, b x + a y + d = v as one linear system."""
    rows, values = [], []
    for (x, y), (u, v) in zip(points, template):
        rows += [[x, -y, 1, 0], [y, x, 0, 1]]
        values += [u, v]
    a, b, c, d = np.linalg.lstsq(np.array(rows), np.array(values))[0]
    return np.array([[a, -b, c], [b, a, d]])


def apply(matrix, points):
    return points @ matrix[:, :2].T + matrix[:, 2]


@pytest.fixture(scope='session')
def cmu_points(shared):
    with open(shared / 'data/cmu_faces/labels.csv', newline='') as file:
        return {
            row['file']: np.reshape(
                [float(row[name]) for name in POINT_COLUMNS], (5, 2))
            for row in csv.DictReader(file)
            if row['pose'] == 'straight' and float(row['det_score']) > 0.9}


def test_template_is_that_of_112_pixels():
    # The eyes of a face in the middle are symmetric about the middle column;
    # the template of the 96x112 crops would be off by 8 pixels.
    eyes = ARCFACE_TEMPLATE[:2, 0].mean()
    assert eyes == pytest.approx(55.5, abs=0.5)
    assert ARCFACE_TEMPLATE[0] == pytest.approx((38.2946, 51.6963))
    assert ARCFACE_TEMPLATE[4] == pytest.approx((70.7299, 92.2041))
    with pytest.raises(ValueError, match='read-only'):
        ARCFACE_TEMPLATE[0] = 0


@pytest.mark.parametrize('degrees', [-170, -90, -31, 0, 12, 90, 179])
@pytest.mark.parametrize('scale', [0.05, 1, 7.5])
def test_known_motion_is_undone(degrees, scale):
    shift = np.array([300.0, -45.5])
    points = place(ARCFACE_TEMPLATE, degrees, scale, shift)
    matrix = similarity_transform(points, ARCFACE_TEMPLATE)
    back = rotation(-degrees) / scale
    np.testing.assert_allclose(matrix[:, :2], back, atol=1e-9 / scale)
    np.testing.assert_allclose(matrix[:, 2], -back @ shift, atol=1e-6)


def test_noisy_points_match_a_linear_solver():
    rng = np.random.default_rng(0)
    for _ in range(20):
        points = place(ARCFACE_TEMPLATE, rng.uniform(-60, 60),
                       rng.uniform(0.3, 3), rng.uniform(-50, 50, 2))
        points += rng.normal(0, 2, points.shape)
        np.testing.assert_allclose(
            similarity_transform(points, ARCFACE_TEMPLATE),
            least_squares(points, ARCFACE_TEMPLATE),
            atol=1e-8)


def test_points_of_type_object_are_numbers_too():
    # What some detectors return.
    points = ARCFACE_TEMPLATE.astype(object)
    matrix = similarity_transform(points, ARCFACE_TEMPLATE)
    np.testing.assert_allclose(matrix, np.eye(2, 3), atol=1e-9)


@pytest.mark.parametrize('degrees', [0, 45, 180])
def test_mirrored_points_are_refused(degrees):
    mirrored = ARCFACE_TEMPLATE * [-1, 1] + [112, 0]
    points = place(mirrored, degrees, 1.5, np.array([3, 4]))
    with pytest.raises(ValueError, match='mirrored.*left eye'):
        similarity_transform(points, ARCFACE_TEMPLATE)


@pytest.mark.parametrize('points, message', [
    (np.full((5, 2), 7.0), 'coincide'),
    (np.arange(10).reshape(5, 2) * 1.0, 'lie on a line'),
    # Left and right mixed up in a file.
    (ARCFACE_TEMPLATE[[1, 0, 2, 4, 3]], 'mirrored'),
    (np.where(np.eye(5, 2) > 0, np.nan, ARCFACE_TEMPLATE), 'not finite'),
    (np.where(np.eye(5, 2) > 0, np.inf, ARCFACE_TEMPLATE), 'not finite'),
    (ARCFACE_TEMPLATE[:4], r'\(4, 2\) and \(5, 2\)'),
    (ARCFACE_TEMPLATE.reshape(-1), r'\(10,\)'),
])
def test_bad_points_are_refused(points, message):
    with pytest.raises(ValueError, match=message):
        similarity_transform(points, ARCFACE_TEMPLATE)


@pytest.mark.parametrize('size', [28, 56, 112, 224])
def test_scaled_template_keeps_the_field_of_view(size):
    # Corners of the square, as pixel edges: they stay corners.
    np.testing.assert_allclose((scaled_template(size) + 0.5) / size,
                               (ARCFACE_TEMPLATE + 0.5) / 112)
    with pytest.raises(ValueError, match='not 0'):
        scaled_template(0)


def test_half_size_is_the_mean_of_two_by_two_pixels():
    # A ramp: linear interpolation is exact, so a shift would show.
    y, x = np.mgrid[:300, :300].astype(np.float32)
    image = 2 * x + 5 * y
    points = place(ARCFACE_TEMPLATE, 20, 1.5, np.array([90.0, 40.0]))
    whole = align_face(image, points, 112)
    half = align_face(image, points, 56)
    means = whole.reshape(56, 2, 56, 2).mean(axis=(1, 3))
    # warpAffine rounds positions to 1/32 pixel.
    assert np.abs(half - means).max() < 7 * 3 / 32
    assert abs((half - means).mean()) < 0.05


def test_identity_leaves_the_image_alone():
    image = np.random.default_rng(0).integers(
        0, 256, (112, 112, 3), dtype=np.uint8)
    assert (align_face(image, ARCFACE_TEMPLATE) == image).all()


def test_points_land_where_the_template_says():
    # Five dots, each of its own brightness, on a rotated face.
    points = np.round(place(ARCFACE_TEMPLATE, 25, 2, np.array([120, 30])))
    image = np.zeros((400, 400), np.float32)
    values = (60, 100, 140, 180, 220)
    for (x, y), value in zip(points.astype(int), values):
        cv2.circle(image, (x, y), 5, value, -1)
    aligned = align_face(image, points)
    for (x, y), value in zip(ARCFACE_TEMPLATE, values):
        left, top = round(x) - 6, round(y) - 6
        window = aligned[top:top + 13, left:left + 13]
        rows, columns = np.mgrid[top:top + 13, left:left + 13]
        center = [(window * columns).sum(), (window * rows).sum()]
        np.testing.assert_allclose(center / window.sum(), (x, y), atol=0.3)
        assert window.max() == pytest.approx(value)


def test_outside_is_black():
    image = np.full((60, 60, 3), 255, np.uint8)
    aligned = align_face(image, ARCFACE_TEMPLATE)
    assert (aligned[:60, :60] == 255).all()
    assert (aligned[60:] == 0).all() and (aligned[:, 60:] == 0).all()


def test_real_faces_land_as_least_squares_allows(cmu_points):
    assert len(cmu_points) > 100
    errors = []
    for points in cmu_points.values():
        matrix = similarity_transform(points, ARCFACE_TEMPLATE)
        best = least_squares(points, ARCFACE_TEMPLATE)
        np.testing.assert_allclose(matrix, best, atol=1e-6)
        error = apply(matrix, points) - ARCFACE_TEMPLATE
        errors.append(np.sqrt(np.mean(error**2)))
    assert np.median(errors) < 1.5


def test_real_faces_stay_themselves(shared, cmu_points):
    # Aligning an aligned face again changes nothing but the interpolation.
    path, points = next(iter(cmu_points.items()))
    image = cv2.imread(str(shared / 'data/cmu_faces' / path))
    aligned = align_face(image, points)
    matrix = similarity_transform(points, ARCFACE_TEMPLATE)
    again = align_face(aligned, apply(matrix, points))
    assert aligned.shape == (112, 112, 3) and aligned.std() > 20
    assert np.abs(again.astype(int) - aligned).mean() < 1


def test_center_crop_is_centered():
    image = np.arange(120 * 128).reshape(120, 128).astype(np.float32)
    crop = center_crop(image, 80, 80)
    assert (crop == image[20:100, 24:104]).all()
    # 47 columns remain: 23 to the left, 24 to the right.
    odd = center_crop(image[:, :127], 80, 80)
    assert (odd == image[20:100, 23:103]).all()
    assert (center_crop(image, None, 120) == image[:, 4:124]).all()


def test_center_crop_shrinks_by_area_means():
    image = np.random.default_rng(0).random((8, 8, 3)).astype(np.float32)
    means = image.reshape(4, 2, 4, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(center_crop(image, None, 4), means, atol=1e-6)
    assert center_crop(image, 4, 16).shape == (16, 16, 3)


@pytest.mark.parametrize('side', [0, -3, 121])
def test_center_crop_must_fit(side):
    with pytest.raises(ValueError, match=f'{side} pixels.*128x120'):
        center_crop(np.zeros((120, 128, 3), np.uint8), side, 112)
