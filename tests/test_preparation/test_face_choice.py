import numpy as np

from ipdfer_mm.geometry.alignment import ARCFACE_TEMPLATE
from ipdfer_mm.preparation.detection import Detections
from ipdfer_mm.preparation.face_choice import (
    MIRRORED,
    NO_FACE,
    SEVERAL_FACES,
    choose_face,
)


def detections(*faces):
    """Faces of 20x20 pixels given by middle (x, y) and score."""
    boxes = [(x - 10, y - 10, x + 10, y + 10) for x, y, _ in faces]
    points = [ARCFACE_TEMPLATE / 5.6 + (x - 10, y - 10) for x, y, _ in faces]
    scores = [score for _, _, score in faces]
    return Detections.of(
        np.reshape(boxes, (-1, 4)), scores, np.reshape(points, (-1, 5, 2)))


def test_one_face():
    face = choose_face(detections((70, 50, .97)), (50, 50))
    assert face.flags == () and face.score == .97 and face.can_be_aligned
    np.testing.assert_allclose(face.points.mean(axis=0), (70, 52.8), atol=.2)


def test_nearest_of_several():
    found = detections((20, 50, .999), (55, 40, .91))
    face = choose_face(found, (50, 50))
    assert face.flags == (SEVERAL_FACES, ) and face.score == .91
    np.testing.assert_allclose(face.points, found.points[1])


def test_none():
    face = choose_face(detections(), (50, 50))
    assert face.points is None and face.flags == (NO_FACE, )
    assert np.isnan(face.score) and not face.can_be_aligned


def test_how_it_was_found_is_told():
    found = detections((20, 50, .9), (50, 50, .9))
    found.flags[1] = ('found_equalized', )
    assert choose_face(found, (50, 50)).flags == ('found_equalized',
                                                  SEVERAL_FACES)


def test_mirrored_points_are_kept_but_not_aligned():
    found = detections((50, 50, .95))
    # The eyes and mouth corners of the other side.
    found.points[0] = found.points[0][[1, 0, 2, 4, 3]]
    face = choose_face(found, (50, 50))
    assert face.flags == (MIRRORED, ) and not face.can_be_aligned
    np.testing.assert_array_equal(face.points, found.points[0])
