import numpy as np
import pytest

from ipdfer_mm.apis.video_faces import VideoFaceFinder


def frames(portrait, count, step=2):
    """The portrait moves to the right over gray."""
    for index in range(count):
        frame = np.full((260, 320, 3), 128, np.uint8)
        left = 20 + step * index
        frame[30:230, left:left + 200] = portrait.image[..., ::-1]
        yield frame, np.array((left, 30))


@pytest.fixture
def searches(inferencer, monkeypatch):
    """Number of frames that are searched."""
    counts = []
    detect = inferencer.finder.detect

    def count(images):
        counts.append(len(images))
        return detect(images)

    monkeypatch.setattr(inferencer.finder, 'detect', count)
    return counts


def test_points_follow_the_face(inferencer, portraits, searches):
    finder = VideoFaceFinder(inferencer.finder, 8)
    portrait = portraits[1]
    images, corners = zip(*frames(portrait, 12))
    found = finder.find(list(images))
    assert len(searches) == 2  # frames 0 and 8
    true = portrait.face.landmarks68
    eyes = np.linalg.norm(true[36:42].mean(0) - true[42:48].mean(0))
    boxes = [faces[0].box for faces in found]
    for faces, corner in zip(found, corners):
        assert len(faces) == 1
        nose = faces[0].face.points[2] - corner
        assert np.linalg.norm(nose - true[30]) < .15 * eyes
    # It moves as far as the portrait does.
    assert boxes[7][0] - boxes[1][0] == pytest.approx(12, abs=4)


def test_a_lost_face_is_searched_at_once(inferencer, portraits, searches):
    finder = VideoFaceFinder(inferencer.finder, 8)
    here, _ = next(frames(portraits[1], 1))
    gone = np.full_like(here, 128)
    found = finder.find([here, here, gone, gone, gone])
    assert [len(faces) for faces in found] == [1, 1, 0, 0, 0]
    assert len(searches) == 2
    # What appears is found at the next search.
    found = finder.find([here] * 8)
    assert [len(faces) for faces in found] == [0] * 5 + [1] * 3
    assert len(searches) == 3
