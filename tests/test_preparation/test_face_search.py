"""Rendered faces, whose points are known, and photographs that are hard."""

import csv
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from helpers.rendered import sample_specs

from ipdfer_mm.geometry.alignment import ARCFACE_TEMPLATE
from ipdfer_mm.preparation.datasets import recipe_of
from ipdfer_mm.preparation.detection import Detections, FaceDetector
from ipdfer_mm.preparation.face_choice import MEANINGS, SECOND_LOOK
from ipdfer_mm.preparation.face_search import (
    RETRIES,
    FaceSearch,
    box_around,
    misfit,
    overlap,
    tilt,
)
from ipdfer_mm.preparation.reading import read_image
from ipdfer_mm.preparation.recipe import Recipe
from ipdfer_mm.preparation.region import Region
from ipdfer_mm.rendering import FaceModel, FaceRenderer


@pytest.fixture(scope='module')
def faces(shared):
    """Whole heads of 224 pixels with yaw up to 45 degrees."""
    model = FaceModel.load(shared / 'data/ict_facekit/ict_facekit_light.npz')
    renderer = FaceRenderer(model)
    return [renderer.render(spec) for spec in sample_specs(
        model, 40, np.random.default_rng(11), size=224, crop='full')]


def error(points, truth):
    """Mean distance as a share of the distance of the eyes."""
    eyes = np.linalg.norm(truth[1] - truth[0])
    return np.linalg.norm(points - truth, axis=1).mean() / eyes


def search_whole(search, images):
    return search(images, [Region.of(image, None) for image in images])


def cut_tight(face):
    """Cut along the outline of the face, with some forehead."""
    low, high = face.landmarks68.min(axis=0), face.landmarks68.max(axis=0)
    left, top = (low - (0, (high - low)[1] / 4)).clip(0).astype(int)
    right, bottom = high.astype(int)
    return (np.ascontiguousarray(face.image[top:bottom, left:right]),
            face.five_points - (left, top))


@pytest.mark.parametrize('retry', RETRIES, ids=lambda retry: retry.flag)
def test_points_of_each_retry(retry, faces):
    """On heads that are shifted, turned and cut: 8 % of the eyes."""
    search = FaceSearch(Recipe())
    rng = np.random.default_rng(3)
    errors = []
    for face in faces:
        turn = cv2.getRotationMatrix2D(
            tuple(face.five_points[2]), retry.angle and -retry.angle
            + rng.uniform(-8, 8), 1)
        turn[:, 2] += rng.uniform(-15, 15, 2)
        image = cv2.warpAffine(face.image, turn, (224, 224),
                               borderMode=cv2.BORDER_REPLICATE)
        truth = face.five_points @ turn[:, :2].T + turn[:, 2]
        low, high = truth.min(axis=0), truth.max(axis=0)
        margin = .6 * (high - low).max()
        left, top = (low - margin).clip(0).astype(int)
        right, bottom = (high + margin).astype(int)
        image = np.ascontiguousarray(image[top:bottom, left:right])
        found, = search._retry(retry, [image], [Region.of(image, None)])
        assert len(found.scores) <= 1
        errors += [error(points, truth - (left, top))
                   for points in found.points]
    assert len(errors) >= 30
    assert np.mean(errors) < .08
    assert retry.flag in MEANINGS


def test_second_look_at_faces_that_fill_the_image(faces):
    search = FaceSearch(Recipe(retries=0))
    plain, better = [], []
    for face in faces:
        image, truth = cut_tight(face)
        found = search.detector.detect([image])[0]
        again, = search_whole(search, [image])
        if len(found.scores):
            assert again.flags == [(SECOND_LOOK, )] * len(again.scores)
            plain.append(error(found.points[0], truth))
            better.append(error(again.points[0], truth))
    assert len(better) > 30
    assert np.mean(better) < .09 < .25 < np.mean(plain)


def test_faces_in_the_open_are_left_as_they_are(faces):
    images = [cv2.copyMakeBorder(face.image, 60, 60, 60, 60,
                                 cv2.BORDER_REPLICATE) for face in faces[:8]]
    search = FaceSearch(Recipe(min_face=.2))
    plain = search.detector.detect(images)
    for one, other in zip(search_whole(search, images), plain):
        np.testing.assert_array_equal(one.points, other.points)
        assert one.flags == [()] * len(one.scores)


def test_refined_points_are_nearer(faces):
    search = FaceSearch(Recipe())
    rng = np.random.default_rng(4)
    rough, refined, scaled = [], [], []
    for face in faces:
        size = np.linalg.norm(face.five_points[1] - face.five_points[0])
        start = face.five_points + size * rng.normal(0, .12, (5, 2))
        (points, ), (score, ) = search.refine(face.image, start[None])
        rough.append(error(start, face.five_points))
        refined.append(error(points, face.five_points))
        # The same of an image four times as large.
        large = cv2.resize(face.image, None, fx=4, fy=4,
                           interpolation=cv2.INTER_CUBIC)
        again, _ = search.refine(large, (start[None] + .5) * 4 - .5)
        scaled.append(error((again[0] + .5) / 4 - .5, points))
        assert score > .5
    assert np.mean(refined) < .08 < np.mean(rough)
    assert np.mean(scaled) < .03


def test_points_that_make_no_face_are_not_refined():
    search = FaceSearch(Recipe())
    mirrored = ARCFACE_TEMPLATE[[1, 0, 2, 4, 3]]
    image = np.zeros((112, 112, 3), np.uint8)
    # The other is far outside of the image.
    points, scores = search.refine(
        image, np.stack([mirrored, ARCFACE_TEMPLATE * 9 + 2000]))
    assert scores[0] == 0 and scores[1] < .5
    assert (points[0] == mirrored).all()


def test_faces_are_refined_together_as_alone(faces):
    search = FaceSearch(Recipe())
    image = np.concatenate([faces[0].image, faces[1].image], axis=1)
    shift = (faces[0].image.shape[1], 0)
    start = np.stack([faces[0].five_points, faces[1].five_points + shift])
    points, scores = search.refine(image, start)
    for i in range(2):
        alone, score = search.refine(image, start[i:i + 1])
        np.testing.assert_allclose(points[i], alone[0], atol=1e-3)
        assert scores[i] == pytest.approx(score[0], abs=1e-5)


def test_images_without_a_face():
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (60, 70, 3), dtype=np.uint8),
              np.zeros((48, 48, 3), np.uint8)]
    for faces in search_whole(FaceSearch(Recipe(margin=.5)), images):
        assert len(faces.scores) == 0


def test_shapes_of_points():
    assert misfit(3 * ARCFACE_TEMPLATE + 7) < 1e-9
    assert misfit(ARCFACE_TEMPLATE[[1, 0, 2, 4, 3]]) == float('inf')
    moved = ARCFACE_TEMPLATE.copy()
    moved[2, 0] += 35
    assert .2 < misfit(moved) < .5
    assert tilt(np.array([(0, 0), (1, 1)] * 2 + [(0, 0)])) == 45
    left, top, right, bottom = box_around(2 * ARCFACE_TEMPLATE)
    assert left < 76 and right > 147 and top < 103 and bottom > 184
    assert overlap(np.array([0, 0, 2, 2]), np.array([1, 0, 3, 2])) == 1 / 3
    assert overlap(np.array([0, 0, 2, 2]), np.array([5, 5, 6, 6])) == 0


def test_moved_and_scaled_detections():
    faces = Detections.of([(0, 0, 9, 9)], [.9], [ARCFACE_TEMPLATE])
    twice = faces.scale(2)
    np.testing.assert_allclose(twice.boxes, [(.5, .5, 18.5, 18.5)])
    np.testing.assert_allclose(twice.move((1, -1)).points[0],
                               2 * ARCFACE_TEMPLATE + (1.5, -.5))
    assert len(faces.select(faces.scores > .95).flags) == 0


def test_photographs(ferplus):
    """The first attempt misses one in eight, the retries find most."""
    paths = sorted((ferplus / 'FER2013Train').glob('*.png'))[:400]
    images = [read_image(path) for path in paths]
    found = search_whole(FaceSearch(recipe_of('ferplus', {}, {})), images)
    how = Counter((faces.flags or [('missed', )])[0][:1] for faces in found)
    missed = how['missed', ]
    retried = sum(how[retry.flag, ] for retry in RETRIES)
    assert .08 < (missed + retried) / len(images) < .2
    assert missed / len(images) < .035


def test_photographs_without_a_face(ferplus):
    """What most annotators called no face is found no more often."""
    with open(ferplus / 'fer2013new.csv') as file:
        names = {row['Image name'] for row in csv.DictReader(file)
                 if row['Image name'] and int(row['NF']) > 5}
    images = [read_image(path) for path in ferplus.glob('FER2013*/*.png')
              if path.name in names]
    assert len(images) >= 3
    found = search_whole(FaceSearch(recipe_of('ferplus', {}, {})), images)
    assert not any(len(faces.scores) for faces in found)


@pytest.mark.parametrize('shape', [(1, 10000), (40000, 1), (1, 1)])
def test_strips_take_no_memory(shape, monkeypatch):
    largest = []
    detect = FaceDetector.detect

    def watched(self, images, *args):
        largest.extend(max(image.shape) for image in images)
        return detect(self, images, *args)

    monkeypatch.setattr(FaceDetector, 'detect', watched)
    search = FaceSearch(Recipe(min_side=192, margin=.5))
    (found, ) = search_whole(search, [np.zeros((*shape, 3), np.uint8)])
    assert not len(found.scores)
    # As the image itself, or as far as it is enlarged.
    assert max(largest) <= max(8192, max(shape) + 1)


def test_one_thread_at_a_time(monkeypatch):
    """As of two visitors of the web page."""
    search, inside = FaceSearch(Recipe()), []

    def slow(images, regions):
        inside.append(1)
        time.sleep(.05)
        assert inside.pop() and not inside

    monkeypatch.setattr(search, '_search', slow)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: search([], []), range(4)))
