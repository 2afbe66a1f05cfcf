from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from ipdfer_mm.utils import video as video_module
from ipdfer_mm.utils.video import DEFAULT_FPS, VideoSource, written_video


def frame(value, shape=(48, 64, 3)):
    return np.full(shape, value, np.uint8)


def test_round_trip(tmp_path):
    path = tmp_path / 'a.mp4'
    with written_video(path, 12.5) as writer:
        for value in range(0, 250, 50):
            writer.write(frame(value))
        assert not path.exists()
    assert list(tmp_path.iterdir()) == [path]
    with VideoSource(path) as video:
        assert video.fps == 12.5 and video.num_frames == 5
        read = list(video)
    assert [seconds for seconds, _ in read] == pytest.approx(
        [0, .08, .16, .24, .32])
    for (_, image), value in zip(read, range(0, 250, 50)):
        assert image.shape == (48, 64, 3)
        assert abs(image.mean() - value) < 4  # compressed


def test_times(tmp_path):
    """Repeated or left out, so that each is seen at its time."""
    path = tmp_path / 'a.mp4'
    with written_video(path, 10) as writer:
        for value, seconds in ((10, 0), (60, .3), (110, .31), (160, .5)):
            writer.write(frame(value), seconds)
    with VideoSource(path) as video:
        values = [image.mean() for _, image in video]
    np.testing.assert_allclose(values, [10, 60, 60, 60, 160, 160], atol=4)


def test_an_error_leaves_nothing(tmp_path):
    for error in (KeyboardInterrupt, ValueError):
        with pytest.raises(error), written_video(tmp_path / 'a.mp4', 10) as w:
            w.write(frame(0))
            raise error
    with pytest.raises(OSError, match='choose another folder.*nowhere'), \
            written_video(tmp_path / 'nowhere/a.mp4', 10) as writer:
        writer.write(frame(0))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize('says', [0, float('nan'), -1])
def test_file_without_a_rate(tmp_path, monkeypatch, says):
    with written_video(tmp_path / 'a.mp4', 10) as writer:
        writer.write(frame(0))

    class Silent:

        def __init__(self, source):
            capture = cv2.VideoCapture(source)
            self.isOpened, self.read = capture.isOpened, capture.read
            self.release = capture.release

        def get(self, key):
            return says

    fake = SimpleNamespace(**{**vars(cv2), 'VideoCapture': Silent})
    monkeypatch.setattr(video_module, 'cv2', fake)
    with VideoSource(tmp_path / 'a.mp4') as video:
        assert video.fps == DEFAULT_FPS and video.num_frames is None
        assert len(list(video)) == 1


def test_no_camera():
    with pytest.raises(OSError, match='camera 99'):
        VideoSource(99)
