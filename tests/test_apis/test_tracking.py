import numpy as np
import pytest

from ipdfer_mm.apis.tracking import FaceTracker


def box(left, top=0, side=10):
    return np.array([left, top, left + side, top + side], dtype=float)


def test_moving_faces_keep_their_numbers():
    tracker = FaceTracker()
    for step in range(20):
        # One to the right, one downwards; the order changes.
        boxes = [box(3 * step), box(100, 2 * step)]
        numbers = tracker.update(
            step / 25, boxes[::-1] if step % 2 else boxes)
        assert numbers == ([2, 1] if step % 2 else [1, 2])
    assert tracker.num_tracks == 2


def test_the_sum_of_overlaps_decides():
    """Greedy matching would give the left face to the wrong number."""
    tracker = FaceTracker()
    assert tracker.update(0., [box(0), box(6)]) == [1, 2]
    # 0 -> 4 overlaps more with 6 (8 of 12) than with 0 (6 of 14).
    assert tracker.update(.1, [box(4), box(11)]) == [1, 2]


def test_overlap_that_is_too_small():
    tracker = FaceTracker()
    tracker.update(0., [box(0)])
    assert tracker.update(.1, [box(5)]) == [1]  # 5 of 15
    assert tracker.update(.2, [box(11)]) == [2]  # 4 of 16


@pytest.mark.parametrize('missed, number', [(3, 1), (4, 2)])
def test_patience(missed, number):
    """In seconds, whatever the number of frames."""
    for frames in (1, 30):
        tracker = FaceTracker(patience=3.9)
        tracker.update(0., [box(0)])
        for i in range(missed * frames):
            assert tracker.update((i + 1) / frames, []) == []
        assert tracker.update(missed + .5, [box(0)]) == [number]


def test_the_frame_before_is_known_in_any_case():
    """Of a video with a frame a minute."""
    tracker = FaceTracker(patience=.5)
    for minute in range(3):
        assert tracker.update(60. * minute, [box(minute)]) == [1]
