"""The faces of successive frames, with numbers and steady labels."""

from collections.abc import Sequence

from ipdfer_mm.metrics.reliability import Thresholds

from .results import Face
from .smoothing import ExpressionSmoother
from .tracking import FaceTracker

# Seconds over which expressions are smoothed by default.
SMOOTH = 0.5
# Seconds for which a face may be missed and keeps its number.
PATIENCE = 0.5


class FaceFollower:
    """Numbers the faces of each frame and says what to show of them.

    Args:
        smooth (float): As :class:`ExpressionSmoother` takes it.
        patience (float): As :class:`FaceTracker` takes it.
        thresholds (Thresholds, optional): As :class:`ExpressionSmoother`
            takes them, those of a model by
            :func:`~ipdfer_mm.apis.loading.reliability`.
    """

    def __init__(self, smooth: float, patience: float = PATIENCE,
                 thresholds: Thresholds | None = None) -> None:
        self.tracker = FaceTracker(patience)
        self.smoother = ExpressionSmoother(smooth, thresholds)

    def follow(self, seconds: float,
               faces: Sequence[Face]) -> tuple[list[int], list[str]]:
        """Take the faces of the next frame.

        Args:
            seconds (float): Time of the frame.
            faces (Sequence[Face]): Its faces.

        Returns:
            tuple[list[int], list[str]]: Of each face its number, from 1, and
            its smoothed label or ``'unsure'``.
        """
        tracks = self.tracker.update(seconds, [face.box for face in faces])
        shown = [self.smoother.update(track, seconds, face)
                 for track, face in zip(tracks, faces)]
        self.smoother.forget(self.tracker.followed)
        return tracks, shown
