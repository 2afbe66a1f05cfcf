"""From a video to an annotated video, a table and a timeline.

Frames are read, worked on and written one batch after the other; an hour
needs as much memory as a minute, see :class:`ExpressionTimeline` for what is
kept. Ctrl-C keeps what was done so far.
"""

import csv
import os
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from ipdfer_mm.apis.face_drawing import draw_faces
from ipdfer_mm.preparation.face_choice import MIRRORED
from ipdfer_mm.utils.atomic import renamed_when_done, write_atomically
from ipdfer_mm.utils.video import (
    Camera,
    VideoFile,
    VideoWriter,
    written_video,
)
from ipdfer_mm.visualization.expression_timeline import ExpressionTimeline
from ipdfer_mm.visualization.saving import encode_figure

from .annotation import ADVICE, AnnotationJob, Summary
from .following import FaceFollower
from .loading import reliability
from .results import Face, ImageResult, face_cells, face_columns
from .subjects import SubjectJoiner
from .video_faces import VideoFaceFinder

# Frames from one search for all faces to the next.
SEARCH_INTERVAL = 8
# What the table says of a frame before its face: `shown` is the smoothed
# label, or "unsure"; the columns of the face are as they were recognized.
COLUMNS = ('frame', 'seconds', 'track', 'subject', 'shown')
# How the tables of images are called.
RESULTS = 'results'


class _Frame(NamedTuple):
    """A frame whose subjects may not be known yet."""

    seconds: float
    image: np.ndarray
    faces: tuple[Face, ...]
    tracks: list[int]
    shown: list[str]


class _Recorder:
    """Writes down frame after frame.

    Args:
        job (AnnotationJob): How.
        table (csv.writer): For the rows of frames and faces.
        video (VideoWriter): For the annotated frames.
    """

    def __init__(self, job: AnnotationJob, table,
                 video: VideoWriter) -> None:
        self.job = job
        self.table = table
        self.video = video
        model, self.classes = job.inferencer.model, job.inferencer.classes
        self.follower = FaceFollower(
            job.smooth, thresholds=reliability(model))
        self.joiner = SubjectJoiner(
            next(model.parameters()).device) if job.subjects else None
        self.timeline = ExpressionTimeline(
            self.classes, 'subject' if job.subjects else 'face')
        table.writerow((*COLUMNS, *face_columns(self.classes)))
        self.summary = Summary()
        self._waiting: deque[_Frame] = deque()
        self._num_written = 0

    def record(self, seconds: float, result: ImageResult,
               image: np.ndarray) -> None:
        """Follow the faces of the next frame; write down what is decided."""
        faces = result.faces
        tracks, shown = self.follower.follow(seconds, faces)
        if self.joiner is not None:
            self.joiner.see(image, {
                track: None if MIRRORED in face.flags else face.points
                for track, face in zip(tracks, faces)
            })
        self._waiting.append(_Frame(seconds, image, faces, tracks, shown))
        self.summary.count(result)
        self.summary.num_tracks = self.follower.tracker.num_tracks
        self._write_decided(set(tracks))

    def finish(self) -> None:
        """Write down what is left; no further frame will come."""
        self._write_decided(set())

    def _write_decided(self, seen: set[int]) -> None:
        """Write the frames whose subjects are known.

        Args:
            seen (set[int]): Tracks that are still looked at.
        """
        while self._waiting:
            tracks = self._waiting[0].tracks
            numbers: list[int | None] = list(tracks)
            if self.joiner is not None:
                numbers = [self.joiner.decide(track, set(tracks) - {track},
                                              track not in seen)
                           for track in tracks]
                self.summary.num_subjects = self.joiner.num_subjects
            if None in numbers:
                return
            self._write(self._waiting.popleft(), numbers)

    def _write(self, frame: _Frame, numbers: Sequence[int]) -> None:
        start = [self._num_written, f'{frame.seconds:.3f}']
        for track, number, face, shown in zip(frame.tracks, numbers,
                                              frame.faces, frame.shown):
            subject = '' if self.joiner is None else number
            self.table.writerow([*start, track, subject, shown,
                                 *face_cells(face, self.classes)])
            self.timeline.add(number, frame.seconds, face.probabilities)
        if not frame.tracks:
            self.table.writerow(
                [*start, '', '', '', *face_cells(None, self.classes)])
        self.video.write(
            draw_faces(frame.image, frame.faces, numbers, self.job.synthesis,
                       frame.shown), frame.seconds)
        self._num_written += 1


def name_results(videos: Sequence[Path], out: Path) -> dict[str, Path]:
    """Name the results of several videos, so that none replaces another.

    Args:
        videos (Sequence[Path]): The files; one that is given twice counts
            once.
        out (Path): Folder of the results.

    Returns:
        dict[str, Path]: The videos by name: their own without the suffix;
        with it where another has the same, in any case, or the tables of
        images have it; and below their folders where that is not enough.

    Raises:
        ValueError: If results could replace a video.
    """
    videos = list(dict.fromkeys(
        Path(os.path.abspath(video)) for video in videos))
    if not videos:
        return {}
    common = Path(os.path.commonpath([video.parent for video in videos]))
    longer = {video: [video.name, str(video.relative_to(common))]
              for video in videos}
    chosen = {video: video.stem for video in videos}
    while True:
        counts = Counter(map(str.casefold, [RESULTS, *chosen.values()]))
        shared = [video for video in videos if longer[video]
                  and counts[chosen[video].casefold()] > 1]
        if not shared:
            break
        chosen |= {video: longer[video].pop(0) for video in shared}
    names = {name: video for video, name in chosen.items()}
    written = {(out / f'{name}.mp4').resolve() for name in names}
    for video in videos:
        if video.resolve() in written:
            raise ValueError(
                f'{video} is in the folder of the results, where the '
                'annotated video would replace it; choose another one.')
    return names


def annotate_video(job: AnnotationJob, source: Path | int,
                   name: str) -> Summary:
    """Write ``<name>.mp4``, ``<name>.csv`` and ``<name>_timeline.png``.

    Args:
        job (AnnotationJob): How and where to.
        source (Path or int): A file, or the number of a camera; frames of
            which are worked on as they come, until Ctrl-C.
        name (str): How the results are called, perhaps with folders.

    Returns:
        Summary: What was done.

    Raises:
        KeyboardInterrupt: If Ctrl-C came before the first frame was done.
        OSError: If the video cannot be opened or has no frame, or something
            cannot be written; names the file.
    """
    table_file = job.out / f'{name}.csv'
    video_file = job.out / f'{name}.mp4'
    is_camera = isinstance(source, int)
    if is_camera:
        job = replace(job, batch_size=1)
    with (Camera if is_camera else VideoFile)(source) as video, \
            written_video(video_file, video.fps) as writer, \
            renamed_when_done(table_file, ADVICE) as partial, \
            open(partial, 'w', encoding='utf-8', newline='') as table:
        recorder = _Recorder(
            job, csv.writer(table, lineterminator='\n'), writer)
        _record_all(job, video, recorder)
        recorder.finish()
    summary = recorder.summary
    summary.errors += video.problems
    png = encode_figure(recorder.timeline.figure(name))
    write_atomically(job.out / f'{name}_timeline.png', png, ADVICE)
    return summary


def _record_all(job: AnnotationJob, video: VideoFile | Camera,
                recorder: _Recorder) -> None:
    times: deque[float] = deque()  # of the frames that are being worked on

    def frames() -> Iterator[np.ndarray]:
        for seconds, frame in video:
            times.append(seconds)
            yield frame

    finder = VideoFaceFinder(job.inferencer.finder, SEARCH_INTERVAL)
    results = job.inferencer.iterate(
        frames(), job.batch_size, job.aligned, job.synthesis, finder)
    progress = tqdm(results, total=video.num_frames, unit='frame',
                    disable=None)
    try:
        for result, frame in progress:
            recorder.record(times.popleft(), result, frame)
    except KeyboardInterrupt:
        if not recorder.summary.num_done:
            raise
        recorder.summary.interrupted = True
    if not recorder.summary.num_done:
        raise OSError(f'{video.name} has no frame that can be read.')
