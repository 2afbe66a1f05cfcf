import numpy as np
import pytest

from ipdfer_mm.geometry import (
    five_points,
    scaled_template,
    similarity_transform,
)
from ipdfer_mm.rendering import head_rotation
from ipdfer_mm.rendering.camera import (
    PIVOT,
    aligned_frame,
    full_frame,
    jitter_frame,
    project,
    to_pixels,
)

NOSE = (0, 0, 1)


def landmarks(renderer, *pose):
    """68 landmarks of the mean face, projected."""
    model = renderer.model
    return project(model.mean[model.landmarks68], head_rotation(*pose))[0]


@pytest.mark.parametrize('pose, axis, moved', [
    ((30, 0, 0), NOSE, (-.5, 0, .866)), ((0, 30, 0), NOSE, (0, .5, .866)),
    ((0, 0, 30), NOSE, (0, 0, 1)), ((90, 0, 0), NOSE, (-1, 0, 0)),
    ((0, 0, 90), (0, 1, 0), (1, 0, 0)),  # roll is clockwise in the image
])
def test_signs_of_the_pose(pose, axis, moved):
    assert np.allclose(head_rotation(*pose) @ axis, moved, atol=1e-3)


def test_rotation_is_a_rotation():
    rotation = head_rotation(31, -17, 8)
    assert np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-6)
    assert np.linalg.det(rotation) == pytest.approx(1)


def test_projection():
    points = (PIVOT + [(0, 0, 0), (2, 3, 0), (2, 3, 9)]).astype(np.float32)
    plane, nearness = project(points, np.eye(3, dtype=np.float32))
    assert np.allclose(plane[:2], [(0, 0), (2, -3)], atol=1e-5)
    assert np.allclose(plane[2], np.array([2, -3]) * 90 / 81, atol=1e-5)
    assert np.allclose(nearness, (1, 1, 90 / 81))


def test_positive_yaw_shows_the_nose_at_the_left(renderer):
    left, right, nose, *_ = five_points(landmarks(renderer, 30, 0, 0))
    assert nose[0] < (left[0] + right[0]) / 2 - 1


def test_aligned_frame_fits_the_template(renderer):
    plane = landmarks(renderer, 0, 0, 20)
    points = five_points(to_pixels(plane, aligned_frame(plane, 64)))
    assert np.abs(points - scaled_template(64)).max() < 3
    again = similarity_transform(points, scaled_template(64))
    assert np.allclose(again, [(1, 0, 0), (0, 1, 0)], atol=1e-4)


def test_profile_cannot_be_aligned(renderer):
    with pytest.raises(ValueError, match='mirrored'):
        aligned_frame(landmarks(renderer, 120, 0, 0), 64)


def test_jitter_keeps_the_middle_or_moves_it():
    frame = full_frame(101)
    jittered = jitter_frame(frame, 101, np.array([.1, 0]), 1.5, 90)
    middle = np.linalg.solve(frame[:, :2], (50, 50) - frame[:, 2])
    assert np.allclose(to_pixels(middle[None], jittered), (60.1, 50))
    right = np.linalg.solve(frame[:, :2], (60, 50) - frame[:, 2])
    assert np.allclose(to_pixels(right[None], jittered), (60.1, 65))
