"""Videos and cameras, one frame at a time.

Files are read and written by PyAV, which knows the time and the rotation of
each frame; the head of a file, which only announces them, is not believed.
"""

import contextlib
import errno
import queue
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from .atomic import renamed_when_done

VIDEO_SUFFIXES = ('.3gp', '.avi', '.m2ts', '.m4v', '.mkv', '.mov', '.mp4',
                  '.mpeg', '.mpg', '.mts', '.webm', '.wmv')
# H.264 is what browsers and telephones play.
CODEC = 'libx264'
CODEC_OPTIONS = dict(preset='veryfast', crf='23')
# Of a second: what the times of frames are multiples of, as in MPEG.
TIME_BASE = Fraction(1, 90000)
# Where a file does not say it, and of a camera.
DEFAULT_FPS = 25.0
CAMERA_FPS = 10.0
ADVICE = 'choose another folder'


class VideoFile(contextlib.AbstractContextManager):
    """Frames of a file with their times.

    Use it in a ``with`` statement, which closes it.

    Args:
        path (Path): The file.

    Attributes:
        name (str): The path, for messages.
        fps (float): Frames a second on average, as the file announces it.
        num_frames (int, optional): What the index of an MP4 or MOV file
            says.
        problems (list[str]): What was noticed when all frames had been read.

    Raises:
        FileNotFoundError: If it does not exist.
        OSError: If it cannot be opened; names it.
    """

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        if not Path(path).is_file():
            raise FileNotFoundError(f'The video {path} does not exist.')
        try:
            # Of a bare name, what stands before a colon would be a protocol.
            self._container = av.open(f'file:{path}')
        except av.error.FFmpegError as error:
            raise OSError(f'{path} cannot be opened: it is no video, cut off, '
                          f'or of an unknown format ({error}).') from error
        if not self._container.streams.video:
            self._container.close()
            raise OSError(f'{path} has no video stream.')
        self._stream = self._container.streams.video[0]
        self._stream.thread_type = 'AUTO'
        self.fps = float(self._stream.average_rate or DEFAULT_FPS)
        # Only these have an index; others announce what may not be there.
        has_index = 'mp4' in self._container.format.name
        self.num_frames: int | None = None
        if has_index and self._stream.frames:
            self.num_frames = self._stream.frames
        self.problems: list[str] = []

    def __iter__(self) -> Iterator[tuple[float, np.ndarray]]:
        """Yield the seconds since the start, and the frame, BGR, uint8."""
        start = (self._container.start_time or 0) / av.time_base
        count, damaged, seconds = 0, 0, 0.0
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
                frames = [] if packet is None else packet.decode()
            except av.error.FFmpegError:
                damaged += 1
                continue
            if packet is None:
                break
            for frame in frames:
                if frame.time is not None:
                    seconds = frame.time - start
                elif count:
                    seconds += 1 / self.fps
                count += 1
                yield seconds, _upright(frame)
        self._note_problems(count, damaged, seconds)

    def _note_problems(self, count: int, damaged: int,
                       seconds: float) -> None:
        if damaged:
            self.problems.append(f'{self.name}: {damaged} damaged parts were '
                                 'passed over')
        duration = self._stream.duration
        # An index also counts the frames that an editor has cut away.
        ends_early = duration is not None and self.num_frames is not None and (
            count < self.num_frames and
            seconds + 2 / self.fps < duration * self._stream.time_base)
        if ends_early:
            self.problems.append(f'{self.name} is cut off: {count} of '
                                 f'{self.num_frames} frames can be read')

    def __exit__(self, *error: object) -> None:
        self._container.close()


def _upright(frame: av.VideoFrame) -> np.ndarray:
    """Pixels of a frame, turned as a player would."""
    pixels = frame.to_ndarray(format='bgr24')
    return np.ascontiguousarray(np.rot90(pixels, frame.rotation // 90))


class Camera(contextlib.AbstractContextManager):
    """The newest frames of a camera.

    They are read in a thread, so that what comes while a frame is worked on
    is dropped and not queued. Use it in a ``with`` statement, which closes it.

    Args:
        number (int): From 0.

    Attributes:
        name (str): For messages.
        fps (float): Frames a second, of the video that is made of them.
        num_frames (None): It has no end.
        problems (list[str]): Empty, as a file's may be.

    Raises:
        OSError: If it cannot be opened.
    """

    fps = CAMERA_FPS
    num_frames = None

    def __init__(self, number: int) -> None:
        self.name = f'camera {number}'
        self.problems: list[str] = []
        self._closed = threading.Event()
        self._capture = cv2.VideoCapture(number)
        if not self._capture.isOpened():
            raise OSError(f'OpenCV cannot open {self.name}: there is none, it '
                          'is in use, or not allowed.')

    def __iter__(self) -> Iterator[tuple[float, np.ndarray]]:
        """Yield the seconds since the start, and the frame, BGR, uint8."""
        newest: queue.Queue = queue.Queue(maxsize=1)
        thread = threading.Thread(
            target=self._read, args=(newest, time.monotonic()), daemon=True)
        thread.start()
        try:
            while (item := newest.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            self._closed.set()
            _empty(newest)
            thread.join()

    def _read(self, newest: queue.Queue, start: float) -> None:
        try:
            while not self._closed.is_set():
                there, frame = self._capture.read()
                if not there:
                    newest.put(None)
                    return
                _empty(newest)  # what was not taken in time
                newest.put((time.monotonic() - start, frame))
        except BaseException as error:  # raised where frames are taken
            newest.put(error)

    def __exit__(self, *error: object) -> None:
        self._capture.release()


def _empty(newest: queue.Queue) -> None:
    with contextlib.suppress(queue.Empty):
        newest.get_nowait()


class VideoWriter:
    """Writes frames at their times; see :func:`written_video`.

    Args:
        container (av.container.OutputContainer): Where to.
        fps (float): Frames a second on average.
    """

    def __init__(self, container: av.container.OutputContainer,
                 fps: float) -> None:
        self._container = container
        self._fps = fps
        self._stream: av.VideoStream | None = None
        self._last = -1

    def write(self,
              frame: np.ndarray,
              seconds: float | None = None) -> None:
        """Write a frame.

        Args:
            frame (np.ndarray): BGR, uint8 (H, W, 3). Those of another size
                than the first are resized.
            seconds (float, optional): Its time, later than the last. Defaults
                to the pace of ``fps``.
        """
        if self._stream is None:
            self._stream = self._start(frame)
        width, height = self._stream.width, self._stream.height
        if frame.shape[0] - height not in (0, 1) or (
                frame.shape[1] - width not in (0, 1)):
            frame = cv2.resize(frame, (width, height))
        raw = av.VideoFrame.from_ndarray(
            np.ascontiguousarray(frame[:height, :width]), format='bgr24')
        raw.time_base = TIME_BASE
        raw.duration = round(1 / self._fps / TIME_BASE)
        if seconds is not None:
            pts = round(seconds / TIME_BASE)
        else:
            pts = 0 if self._last < 0 else self._last + raw.duration
        raw.pts = self._last = max(pts, self._last + 1)
        self._container.mux(self._stream.encode(raw))

    def _start(self, frame: np.ndarray) -> av.VideoStream:
        stream = self._container.add_stream(
            CODEC, rate=Fraction(self._fps).limit_denominator(1001),
            options=CODEC_OPTIONS)
        # H.264 has colors for two by two pixels.
        stream.height, stream.width = (
            max(side // 2 * 2, 2) for side in frame.shape[:2])
        stream.pix_fmt = 'yuv420p'
        stream.codec_context.time_base = TIME_BASE
        return stream

    def finish(self) -> None:
        """Write the frames that the codec has kept back."""
        if self._stream is not None:
            self._container.mux(self._stream.encode())


@contextlib.contextmanager
def written_video(path: Path, fps: float) -> Iterator[VideoWriter]:
    """Write a video that is whole or not there.

    Args:
        path (Path): The file, ``.mp4``; its folder exists.
        fps (float): Frames a second on average.

    Yields:
        VideoWriter: Needs at least one frame.

    Raises:
        OSError: If it cannot be written; names the file.
    """
    with renamed_when_done(path, ADVICE) as partial:
        try:
            with av.open(f'file:{partial}', 'w', format='mp4') as container:
                writer = VideoWriter(container, fps)
                yield writer
                writer.finish()
        except av.error.FFmpegError as error:
            raise OSError(error.errno or errno.EIO,
                          error.strerror or 'the video cannot be written',
                          str(partial)) from error
