"""Videos whose frames, times and damages are known."""

import queue
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import av
import cv2
import numpy as np
import pytest
from helpers.videos import add_silence, write_noise

from ipdfer_mm.utils.video import DEFAULT_FPS, Camera, VideoFile, written_video


def frame(value, shape=(48, 64, 3)):
    return np.full(shape, value, np.uint8)


def read(path):
    with VideoFile(path) as video:
        frames = list(video)
        return frames, video


def seconds_of(path):
    return [seconds for seconds, _ in read(path)[0]]


def test_round_trip(tmp_path):
    path = tmp_path / 'a.mp4'
    with written_video(path, 12.5) as writer:
        for value in range(0, 250, 50):
            writer.write(frame(value))
        assert not path.exists()
    assert list(tmp_path.iterdir()) == [path]
    frames, video = read(path)
    assert video.fps == 12.5 and video.num_frames == 5
    assert not video.problems
    assert [seconds for seconds, _ in frames] == pytest.approx(
        [0, .08, .16, .24, .32])
    for (_, image), value in zip(frames, range(0, 250, 50)):
        assert image.shape == (48, 64, 3)
        assert abs(image.mean() - value) < 4  # compressed


@pytest.mark.parametrize('fps', [25, 66.667, 23.976, 1000 / 33, 7.123456])
@pytest.mark.parametrize('times', [
    (0, .04, .08),
    (0, .1, .15, .5, 2.4, 2.401),
    (1.5, 1.6),
])
def test_frames_keep_their_times(tmp_path, fps, times):
    """Whatever the rate is, and however uneven they are."""
    path = tmp_path / 'a.mp4'
    with written_video(path, fps) as writer:
        for index, seconds in enumerate(times):
            writer.write(frame(40 * index), seconds)
    with av.open(str(path)) as container:
        written = [float(f.time) for f in container.decode(video=0)]
    assert written == pytest.approx(times, abs=1e-3)
    assert seconds_of(path) == pytest.approx(
        np.subtract(times, times[0]), abs=1e-3)


def test_frames_of_one_time_follow_each_other(tmp_path):
    with written_video(tmp_path / 'a.mp4', 10) as writer:
        for value in (10, 60, 110):
            writer.write(frame(value), .5)
    frames, _ = read(tmp_path / 'a.mp4')
    assert [round(image.mean(), -1) for _, image in frames] == [10, 60, 110]


@pytest.mark.parametrize('shapes, expected', [
    (2 * [(47, 63, 3)], (46, 62, 3)),
    (2 * [(48, 63, 3)], (48, 62, 3)),
    (2 * [(1, 2, 3)], (2, 2, 3)),
    # Those of another size than the first are resized.
    ([(48, 64, 3), (96, 128, 3), (20, 30, 3)], (48, 64, 3)),
])
def test_sizes_become_even_and_the_same(tmp_path, shapes, expected):
    with written_video(tmp_path / 'a.mp4', 10) as writer:
        for shape in shapes:
            writer.write(frame(90, shape))
    frames, _ = read(tmp_path / 'a.mp4')
    assert [image.shape for _, image in frames] == [expected] * len(shapes)


@pytest.mark.parametrize('suffix, codec', [
    ('.mp4', 'libx264'), ('.mkv', 'libx264'), ('.avi', 'mpeg4'),
    ('.webm', 'libvpx'), ('.wmv', 'msmpeg4'), ('.mts', 'libx264'),
    ('.3gp', 'libx264'), ('.mpg', 'mpeg1video')])
def test_kinds_of_files(tmp_path, suffix, codec):
    path = tmp_path / f'a{suffix}'
    write_noise(path, np.arange(10) / 25, codec)
    frames, video = read(path)
    assert len(frames) == 10 and not video.problems
    assert np.diff(seconds_of(path)) == pytest.approx(.04, abs=.002)


@pytest.mark.parametrize('name', [
    'a:b.mp4', '-i.mp4', 'a%d.mp4', '$a$.mp4', '[a].mp4', 'ü ñ 表情.mp4',
    "it's.mp4"])
def test_names_are_only_names(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with written_video(Path(name), 10) as writer:
        writer.write(frame(60))
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert len(read(Path(name))[0]) == 1


def test_starts_with_the_sound(tmp_path):
    """An image that comes later than the sound is shown later."""
    path = tmp_path / 'a.mkv'
    write_noise(path, (1, 1.04, 1.08), sound=2)
    seconds = seconds_of(path)
    assert seconds == pytest.approx([1, 1.04, 1.08], abs=.15)
    assert np.diff(seconds) == pytest.approx(.04, abs=.002)


def test_cut_off(tmp_path):
    path = tmp_path / 'a.mp4'
    whole = write_noise(path, np.arange(60) / 25, movflags='faststart')
    path.write_bytes(whole[:len(whole) // 2])
    frames, video = read(path)
    assert 10 < len(frames) < 50
    assert video.problems == [
        f'{path} is cut off: {len(frames)} of 60 frames can be read']


def test_damaged_in_the_middle(tmp_path):
    path = tmp_path / 'a.mp4'
    whole = write_noise(path, np.arange(60) / 25, movflags='faststart')
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + b'\x55' * 2000 + whole[middle + 2000:])
    frames, video = read(path)
    assert len(frames) > 50 and frames[-1][0] == pytest.approx(2.36)
    assert len(video.problems) == 1
    assert 'damaged parts were passed over' in video.problems[0]


def test_no_video(tmp_path):
    (tmp_path / 'text.mp4').write_text('no video')
    with pytest.raises(OSError, match='text.mp4 cannot be opened'):
        VideoFile(tmp_path / 'text.mp4')
    with pytest.raises(FileNotFoundError, match='none.mp4'):
        VideoFile(tmp_path / 'none.mp4')
    path = tmp_path / 'sound.mka'
    with av.open(str(path), 'w') as container:
        add_silence(container, 1)
    with pytest.raises(OSError, match='no video stream'):
        VideoFile(path)


def test_an_error_leaves_nothing(tmp_path):
    for error in (KeyboardInterrupt, ValueError):
        with pytest.raises(error), written_video(tmp_path / 'a.mp4', 10) as w:
            w.write(frame(0))
            raise error
    assert list(tmp_path.iterdir()) == []
    (tmp_path / 'file').touch()
    with pytest.raises(OSError, match='choose another folder.*file/a.mp4'), \
            written_video(tmp_path / 'file/a.mp4', 10) as writer:
        writer.write(frame(0))


def test_without_a_rate(tmp_path):
    """The pace is a guess; the times are not."""
    path = tmp_path / 'a.h264'
    write_noise(path, np.arange(4) / 25)
    frames, video = read(path)
    assert len(frames) == 4
    assert video.fps == pytest.approx(DEFAULT_FPS)
    assert (np.diff(seconds_of(path)) > 0).all()


def test_turned_as_a_player_turns_it(shared):
    frames, _ = read(shared / 'cases/data/phone_portrait.mp4')
    assert {image.shape for _, image in frames} == {(320, 240, 3)}


def test_no_camera():
    with pytest.raises(OSError, match='camera 99'):
        Camera(99)


class ScriptedCamera:
    """Shows the numbers that it is fed, and ends at 0."""

    def __init__(self):
        self.numbers, self.fed, self.asked = queue.Queue(), 0, 0
        self.asking = threading.Condition()

    def read(self):
        with self.asking:
            self.asked += 1
            self.asking.notify()
        number = self.numbers.get(timeout=60)
        return number > 0, frame(number)

    def feed(self, *numbers):
        self.fed += len(numbers)
        for number in numbers:
            self.numbers.put(number)

    def wait_until_read(self):
        """All, and the next is asked for."""
        with self.asking:
            assert self.asking.wait_for(lambda: self.asked > self.fed, 60)


def test_a_camera_does_not_queue(monkeypatch):
    """What comes while a frame is worked on is dropped."""
    script = ScriptedCamera()
    monkeypatch.setattr(cv2, 'VideoCapture', lambda number: SimpleNamespace(
        isOpened=lambda: True, read=script.read, release=lambda: None))
    with Camera(0) as camera:
        frames = iter(camera)
        script.feed(1)
        before = time.monotonic()
        first = next(frames)
        begun = time.monotonic()
        script.feed(2, 3, 4)
        script.wait_until_read()
        fourth = time.monotonic()
        script.feed(5)
        script.wait_until_read()
        fifth = time.monotonic()
        seconds, image = next(frames)
        assert [first[1][0, 0, 0], image[0, 0, 0]] == [1, 5]
        # The time is that of the frame.
        assert fourth - begun <= seconds <= fifth - before
        script.feed(6, 0)
        assert [image[0, 0, 0] for _, image in frames] == [6]
    with Camera(0) as camera:  # left early
        script.feed(7, 8, 0)
        assert next(iter(camera))[1][0, 0, 0] in (7, 8)
