"""Videos whose frames, times and damages are known."""

import time
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from ipdfer_mm.utils.video import (
    DEFAULT_FPS,
    Camera,
    VideoFile,
    written_video,
)


def frame(value, shape=(48, 64, 3)):
    return np.full(shape, value, np.uint8)


def noise(seed, shape=(120, 160, 3)):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def read(path):
    with VideoFile(path) as video:
        frames = list(video)
        return frames, video


def write_raw(path, times, codec='libx264', rate=25, **options):
    """Frames of noise at their times, in seconds, by PyAV alone."""
    with av.open(str(path), 'w', options=options) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = 160, 120, 'yuv420p'
        for index, seconds in enumerate(times):
            raw = av.VideoFrame.from_ndarray(noise(index), format='bgr24')
            raw.pts, raw.time_base = round(seconds * rate), Fraction(1, rate)
            container.mux(stream.encode(raw))
        container.mux(stream.encode())


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
    frames, _ = read(path)
    assert [seconds for seconds, _ in frames] == pytest.approx(
        np.subtract(times, times[0]), abs=1e-3)


def test_frames_of_one_time_follow_each_other(tmp_path):
    with written_video(tmp_path / 'a.mp4', 10) as writer:
        for value in (10, 60, 110):
            writer.write(frame(value), .5)
    frames, _ = read(tmp_path / 'a.mp4')
    assert [round(image.mean(), -1) for _, image in frames] == [10, 60, 110]


@pytest.mark.parametrize('shape', [(47, 63, 3), (48, 63, 3), (1, 2, 3)])
def test_odd_sides_lose_a_line(tmp_path, shape):
    with written_video(tmp_path / 'a.mp4', 10) as writer:
        for _ in range(2):
            writer.write(frame(90, shape))
    frames, _ = read(tmp_path / 'a.mp4')
    assert len(frames) == 2
    height, width = (max(side // 2 * 2, 2) for side in shape[:2])
    assert frames[1][1].shape == (height, width, 3)


def test_frames_of_another_size_are_resized(tmp_path):
    with written_video(tmp_path / 'a.mp4', 10) as writer:
        for shape in ((48, 64, 3), (96, 128, 3), (20, 30, 3)):
            writer.write(frame(90, shape))
    frames, _ = read(tmp_path / 'a.mp4')
    assert [image.shape for _, image in frames] == [(48, 64, 3)] * 3


@pytest.mark.parametrize('suffix, codec', [
    ('.mp4', 'libx264'), ('.mkv', 'libx264'), ('.avi', 'mpeg4'),
    ('.webm', 'libvpx'), ('.wmv', 'msmpeg4'), ('.mts', 'libx264'),
    ('.3gp', 'libx264'), ('.mpg', 'mpeg1video')])
def test_kinds_of_files(tmp_path, suffix, codec):
    path = tmp_path / f'a{suffix}'
    write_raw(path, np.arange(10) / 25, codec)
    frames, video = read(path)
    assert len(frames) == 10 and not video.problems
    assert np.diff([seconds for seconds, _ in frames]) == pytest.approx(
        .04, abs=.002)


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
    with av.open(str(path), 'w') as container:
        video = container.add_stream('libx264', rate=25)
        video.width, video.height, video.pix_fmt = 160, 120, 'yuv420p'
        sound = container.add_stream('aac', rate=8000)
        quiet = av.AudioFrame.from_ndarray(
            np.zeros((1, 16000), np.float32), 'fltp', 'mono')
        quiet.sample_rate, quiet.pts = 8000, 0
        container.mux(sound.encode(quiet))
        for index in range(3):
            raw = av.VideoFrame.from_ndarray(noise(index), format='bgr24')
            raw.pts, raw.time_base = 25 + index, Fraction(1, 25)
            container.mux(video.encode(raw))
        container.mux(video.encode())
        container.mux(sound.encode())
    seconds = [seconds for seconds, _ in read(path)[0]]
    assert seconds == pytest.approx([1, 1.04, 1.08], abs=.15)
    assert np.diff(seconds) == pytest.approx(.04, abs=.002)


def test_cut_off(tmp_path):
    path = tmp_path / 'a.mp4'
    write_raw(path, np.arange(60) / 25, movflags='faststart')
    whole = path.read_bytes()
    path.write_bytes(whole[:len(whole) // 2])
    frames, video = read(path)
    assert 10 < len(frames) < 50
    assert video.problems == [
        f'{path} is cut off: {len(frames)} of 60 frames can be read']


def test_damaged_in_the_middle(tmp_path):
    path = tmp_path / 'a.mp4'
    write_raw(path, np.arange(60) / 25, movflags='faststart')
    damaged = bytearray(path.read_bytes())
    middle = len(damaged) // 2
    damaged[middle:middle + 2000] = b'\x55' * 2000
    path.write_bytes(damaged)
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
    path = tmp_path / 'sound.wav'
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('pcm_s16le', rate=8000)
        quiet = av.AudioFrame.from_ndarray(
            np.zeros((1, 800), np.int16), 's16', 'mono')
        quiet.sample_rate = 8000
        container.mux(stream.encode(quiet))
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
    write_raw(path, np.arange(4) / 25)
    frames, video = read(path)
    assert len(frames) == 4
    assert video.fps == pytest.approx(DEFAULT_FPS)
    assert (np.diff([seconds for seconds, _ in frames]) > 0).all()


def test_turned_as_a_player_turns_it(shared):
    video = shared / 'cases/data/phone_portrait.mp4'
    frames, _ = read(video)
    assert {image.shape for _, image in frames} == {(320, 240, 3)}


def test_no_camera():
    with pytest.raises(OSError, match='camera 99'):
        Camera(99)


class SlowlyRead:
    """A camera of 50 frames a second, each of its number; ends after 40."""

    def __init__(self, number):
        self.count = 0

    def isOpened(self):  # noqa: N802
        return True

    def read(self):
        time.sleep(.02)
        self.count += 1
        return self.count <= 40, frame(self.count)

    def release(self):
        pass


def test_a_camera_does_not_queue(monkeypatch):
    monkeypatch.setattr(cv2, 'VideoCapture', SlowlyRead)
    taken = []
    with Camera(0) as camera:
        for seconds, image in camera:
            taken.append((seconds, int(image[0, 0, 0]), time.monotonic()))
            time.sleep(.1)  # five frames pass
    numbers = [number for _, number, _ in taken]
    assert numbers == sorted(set(numbers)) and len(numbers) < 20
    # What is taken is new: its time passed just before.
    ages = [now - seconds for seconds, _, now in taken]
    assert max(ages) - min(ages) < .08
    with Camera(0) as camera:  # left early
        next(iter(camera))
