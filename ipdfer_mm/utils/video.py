"""Reading and writing videos with OpenCV, one frame at a time."""

import errno
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np

from .atomic import renamed_when_done

# MPEG-4, which every build of OpenCV for pip writes.
CODEC = 'mp4v'
# Where a file does not say it, and for the videos of a camera, whose frames
# come as they are processed.
DEFAULT_FPS = 25.0
CAMERA_FPS = 10.0
ADVICE = 'choose another folder'


class VideoSource:
    """Frames of a file or a camera, with their times.

    Use it in a ``with`` statement, which closes it.

    Args:
        source (Path or int): A file, or the number of a camera, from 0.

    Attributes:
        fps (float): Frames a second.
        num_frames (int, optional): What the file says; None for a camera, or
            where it does not say.

    Raises:
        OSError: If it cannot be opened; names it.
    """

    def __init__(self, source: Path | int) -> None:
        self.is_camera = isinstance(source, int)
        self.name = f'camera {source}' if self.is_camera else str(source)
        if not self.is_camera and not Path(source).is_file():
            raise FileNotFoundError(f'The video {source} does not exist.')
        self.capture = cv2.VideoCapture(
            source if self.is_camera else str(source))
        if not self.capture.isOpened():
            reason = 'it is no video, cut off, or of a codec that it lacks'
            if self.is_camera:
                reason = 'there is none, it is in use, or not allowed'
            raise OSError(f'OpenCV cannot open {self.name}: {reason}.')
        fps = self.capture.get(cv2.CAP_PROP_FPS)
        count = self.capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self.num_frames: int | None = None
        if self.is_camera:
            fps = CAMERA_FPS
        elif count > 0:
            self.num_frames = int(count)
        # Some files without one say nan or 0.
        self.fps = fps if math.isfinite(fps) and fps > 0 else DEFAULT_FPS

    def __iter__(self) -> Iterator[tuple[float, np.ndarray]]:
        """Yield the seconds since the start, and the frame, BGR, uint8."""
        start = time.monotonic()
        index = 0
        while True:
            there, frame = self.capture.read()
            if not there:
                return
            seconds = index / self.fps
            if self.is_camera:
                seconds = time.monotonic() - start
            yield seconds, frame
            index += 1

    def __enter__(self) -> 'VideoSource':
        return self

    def __exit__(self, kind: type | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.capture.release()


class VideoWriter:
    """Writes frames at their times; see :func:`written_video`.

    Args:
        path (Path): The file, ``.mp4``.
        fps (float): Frames a second.
    """

    def __init__(self, path: Path, fps: float) -> None:
        self.path = path
        self.fps = fps
        self.num_written = 0
        self._writer: cv2.VideoWriter | None = None

    def write(self,
              frame: np.ndarray,
              seconds: float | None = None) -> None:
        """Write a frame.

        Args:
            frame (np.ndarray): BGR, uint8 (H, W, 3), all of the same size.
            seconds (float, optional): Its time. It is repeated, or left out,
                so that the video runs at that pace. Defaults to the next.

        Raises:
            OSError: If the file cannot be written.
        """
        if self._writer is None:
            height, width = frame.shape[:2]
            self._writer = cv2.VideoWriter(
                str(self.path), cv2.VideoWriter_fourcc(*CODEC), self.fps,
                (width, height))
            if not self._writer.isOpened():
                raise OSError(errno.EIO, 'OpenCV cannot write the video',
                              str(self.path))
        frames = 1 if seconds is None else max(
            round(seconds * self.fps) + 1 - self.num_written, 0)
        for _ in range(frames):
            self._writer.write(frame)
        self.num_written += frames

    def close(self) -> None:
        """Finish the file."""
        if self._writer is not None:
            self._writer.release()


@contextmanager
def written_video(path: Path, fps: float) -> Iterator[VideoWriter]:
    """Write a video that is whole or not there.

    Args:
        path (Path): The file, ``.mp4``; its folder exists.
        fps (float): Frames a second.

    Yields:
        VideoWriter: Needs at least one frame.

    Raises:
        OSError: If it cannot be written; names the file.
    """
    with renamed_when_done(path, ADVICE) as partial:
        writer = VideoWriter(partial, fps)
        try:
            yield writer
        finally:
            writer.close()
