"""A steady expression of each face of a video."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ipdfer_mm.metrics.reliability import Thresholds

from .results import Face

UNSURE = 'unsure'
# A label that is shown changes when another one has been the most probable for
# so long, as a share of the smoothing time.
HOLD = 0.25


@dataclass
class _Course:
    """What is known of a face so far."""

    seconds: float
    probabilities: dict[str, float]
    yaw: float
    label: str
    rival: str = ''
    since: float = 0.


class ExpressionSmoother:
    """Smooths the probabilities of each face over time.

    By an exponential average of what was seen up to now, as of a camera no
    more is known; half of the weight is on the last third of ``seconds``.

    Args:
        seconds (float): Time over which is smoothed, twice the time constant;
            0 for the raw labels.
        thresholds (Thresholds, optional): Below which a label is "unsure".
    """

    def __init__(self, seconds: float,
                 thresholds: Thresholds | None = None) -> None:
        if seconds < 0:
            raise ValueError(f'The time to smooth over is {seconds} seconds, '
                             'but must be 0 or more.')
        self.seconds = seconds
        self.thresholds = thresholds
        self._courses: dict[int, _Course] = {}

    def update(self, track: int, seconds: float, face: Face) -> str:
        """Take the next frame of a face.

        Args:
            track (int): Number of the face.
            seconds (float): Time of the frame.
            face (Face): What was found in it.

        Returns:
            str: The expression to show, or ``'unsure'``.
        """
        course = self._courses.get(track)
        if course is None:
            course = self._courses[track] = _Course(
                seconds, dict(face.probabilities), face.angles.yaw, face.label)
        else:
            self._advance(course, seconds, face)
        share = course.probabilities[course.label]
        if self.thresholds and not self.thresholds.carries(
                course.label, share, course.yaw):
            return UNSURE
        return course.label

    def forget(self, tracks: Mapping[int, object]) -> None:
        """Keep only the faces that are still followed.

        Args:
            tracks (Mapping): By their numbers.
        """
        self._courses = {track: course for track, course
                         in self._courses.items() if track in tracks}

    def _advance(self, course: _Course, seconds: float, face: Face) -> None:
        passed = max(seconds - course.seconds, 0.)
        new = 1 - math.exp(-2 * passed / self.seconds) if (
            self.seconds) else 1.
        course.seconds = seconds
        for name, value in face.probabilities.items():
            course.probabilities[name] += new * (
                value - course.probabilities[name])
        yaw = face.angles.yaw
        # Where either is unknown, the new one counts.
        moved = course.yaw + new * (yaw - course.yaw)
        course.yaw = yaw if math.isnan(moved) else moved
        best = max(course.probabilities, key=course.probabilities.__getitem__)
        if best == course.label:
            course.rival = ''
        elif best != course.rival:
            course.rival, course.since = best, seconds
        if course.rival and seconds - course.since >= HOLD * self.seconds:
            course.label, course.rival = course.rival, ''
