import csv

import numpy as np
import pytest

from ipdfer_mm.preparation import detection
from ipdfer_mm.preparation.detection import FaceDetector
from ipdfer_mm.preparation.reading import read_image


@pytest.fixture(scope='module')
def portraits(shared):
    """Real faces of 36x53 pixels, and the labels of them."""
    root = shared / 'data/cmu_faces'
    with open(root / 'labels.csv') as file:
        rows = [row for row in csv.DictReader(file)
                if '_straight_' in row['file'] and 'open' in row['file']]
    rows = rows[::10]
    return rows, [read_image(root / row['file']) for row in rows]


def test_real_faces(portraits):
    rows, images = portraits
    found = FaceDetector(min_side=360).detect(images)
    for row, faces in zip(rows, found):
        best = faces.scores.argmax()
        assert faces.scores[best] > .9
        nose = float(row['nose_x']), float(row['nose_y'])
        # In pixels of the image, not of the enlarged one; the labels are
        # another detector's.
        assert np.linalg.norm(faces.points[best, 2] - nose) < 5
        left, top, right, bottom = faces.boxes[best]
        assert left < nose[0] < right and top < nose[1] < bottom


def test_batches_of_several_sizes_equal_one_by_one(portraits):
    """Also with images without a face among them."""
    _, images = portraits
    images = [
        *images[:3], images[3][10:, 5:].copy(),
        np.full((60, 70, 3), 128, np.uint8), np.zeros_like(images[0])]
    detector = FaceDetector(min_side=240)
    together = detector.detect(images)
    for image, faces in zip(images, together):
        alone = detector.network.detect(
            detector.enlarge(image), landmarks=True)
        if alone[0] is None:
            assert len(faces.scores) == 0
            continue
        assert len(faces.scores) == len(alone[1])
        sizes = [np.array(i.shape[1::-1])
                 for i in (image, detector.enlarge(image))]
        points = np.asarray(alone[2], dtype=float) + .5
        points = points * sizes[0] / sizes[1] - .5
        np.testing.assert_allclose(faces.points, points, atol=.02)
    assert len(together[0].scores) and not len(together[-1].scores)
    assert together[-1].boxes.shape == (0, 4)


def test_few_large_images_at_once(portraits, monkeypatch):
    images = portraits[1][:5]
    detector = FaceDetector(min_side=240)
    together = detector.detect(images)
    sizes = []
    detect = detector._detect_batch

    def counted(batch):
        sizes.append(len(batch))
        return detect(batch)

    monkeypatch.setattr(detector, '_detect_batch', counted)
    height, width, _ = detector.enlarge(images[0]).shape
    monkeypatch.setattr(detection, 'MAX_PIXELS', 2 * height * width)
    apart = detector.detect(images)
    assert sizes == [2, 2, 1]
    for one, other in zip(together, apart):
        np.testing.assert_allclose(one.points, other.points, atol=.02)
    monkeypatch.setattr(detection, 'MAX_PIXELS', 1)
    assert len(detector.detect(images[:1])) == 1


def test_smallest_face(portraits):
    """A face of 36 of 120 pixels is 0.3 of the side."""
    images = portraits[1][:6]
    every_size, large, larger = (
        FaceDetector(min_side=360, min_face=share).detect(images)
        for share in (0, .2, .9))
    for first, second, third in zip(every_size, large, larger):
        best = [faces.points[faces.scores.argmax()]
                for faces in (first, second)]
        np.testing.assert_allclose(*best, atol=.01)
        assert len(third.scores) == 0


@pytest.mark.parametrize('shapes', [
    [], [(5, 7, 3)] * 2, [(19, 300, 3)] * 2])
def test_no_image_or_too_small_for_a_face(shapes):
    images = [np.full(shape, 128, np.uint8) for shape in shapes]
    assert [len(faces.scores) for faces in FaceDetector().detect(images)] == [
        0] * len(images)
