import numpy as np
import pytest
import torch

from ipdfer_mm.apis.annotation import AnnotationJob
from ipdfer_mm.apis.face_finder import FaceFinder
from ipdfer_mm.apis.subjects import DECIDE, WAIT, SubjectJoiner
from ipdfer_mm.apis.video_annotation import annotate_video
from ipdfer_mm.geometry.alignment import ARCFACE_TEMPLATE
from ipdfer_mm.utils.video import written_video

GRAY = np.full((200, 200, 3), 128, np.uint8)


@pytest.fixture
def joiner():
    """Its network sees how bright a face is."""
    joiner = SubjectJoiner()
    joiner.network = lambda faces: torch.eye(512)[
        ((faces.mean((1, 2, 3)) + 1) * 12.75).round().long()]
    return joiner


def see(joiner, frames=DECIDE, **tracks):
    for _ in range(frames):
        for name, number in tracks.items():
            image = np.full((112, 112, 3), 10 * number, np.uint8)
            joiner.see(image, {int(name[1:]): ARCFACE_TEMPLATE})


def test_one_who_returns_keeps_the_number(joiner):
    see(joiner, t1=3, t2=4)
    assert joiner.decide(1, {2}) == 1 and joiner.decide(2, {1}) == 2
    see(joiner, t5=4)
    assert joiner.decide(5, set()) == 2
    assert joiner.num_subjects == 2


def test_waits_until_enough_was_seen(joiner):
    see(joiner, DECIDE - 1, t1=3)
    assert joiner.decide(1, set()) is None
    assert joiner.decide(1, set(), now=True) == 1


def test_does_not_wait_for_ever(joiner):
    """For one who stays in profile."""
    for _ in range(WAIT):
        assert joiner.decide(1, set()) is None
        joiner.see(GRAY, {1: None})
    assert joiner.decide(1, set()) == 1
    joiner.see(GRAY, {2: None})
    assert joiner.decide(2, set(), now=True) == 2


def test_two_at_once_are_two(joiner):
    see(joiner, t1=3)
    joiner.decide(1, set())
    see(joiner, t1=3, t2=3)
    assert joiner.decide(2, {1}) == 2


def test_video(inferencer, portraits, tmp_path, monkeypatch):
    """One leaves and returns, another appears; rendered faces are alike."""
    monkeypatch.setattr('ipdfer_mm.apis.subjects.THRESHOLD', .95)
    first, second = portraits[1].image, portraits[2].image
    path = tmp_path / 'clip.mp4'
    with written_video(path, 10) as writer:
        for frame in [first] * 6 + [GRAY] * 12 + [second] * 8 + [
                GRAY] * 12 + [first] * 8:
            writer.write(frame)
    job = AnnotationJob(inferencer, tmp_path / 'out', subjects=True)
    summary = annotate_video(job, path, 'clip')
    table = np.genfromtxt(tmp_path / 'out/clip.csv', delimiter=',', names=True,
                          dtype=None, encoding='utf-8', usecols=range(5))
    seen = [row for row in table if row['track'] > 0]
    assert summary.num_tracks == 3 and summary.num_subjects == 2
    assert {(row['track'], row['subject']) for row in seen} == {
        (1, 1), (2, 2), (3, 1)}


def test_a_profile_is_not_looked_at(inferencer, portraits, tmp_path,
                                    monkeypatch):
    """Its points look mirrored, so that it cannot be aligned."""
    detect = FaceFinder.detect

    def mirrored(self, images):
        return [found._replace(points=found.points[:, [1, 0, 2, 4, 3]])
                for found in detect(self, images)]

    path = tmp_path / 'clip.mp4'
    with written_video(path, 10) as writer:
        for _ in range(10):
            writer.write(portraits[1].image)
    monkeypatch.setattr(FaceFinder, 'detect', mirrored)
    job = AnnotationJob(inferencer, tmp_path / 'out', subjects=True)
    summary = annotate_video(job, path, 'clip')
    assert summary.num_done == summary.num_faces == 10
    assert 'mirrored' in (tmp_path / 'out/clip.csv').read_text()
