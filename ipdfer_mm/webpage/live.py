"""The camera of a visitor: faces followed and the last minute."""

from collections import deque
from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from ipdfer_mm.apis import ExpressionInferencer
from ipdfer_mm.apis.face_drawing import draw_faces
from ipdfer_mm.apis.following import SMOOTH, FaceFollower
from ipdfer_mm.apis.loading import reliability
from ipdfer_mm.apis.video_annotation import SEARCH_INTERVAL
from ipdfer_mm.apis.video_faces import VideoFaceFinder
from ipdfer_mm.utils.images import swap_channels
from ipdfer_mm.visualization.expression_timeline import ExpressionTimeline

WINDOW = 60  # seconds that the timeline shows


class LiveFaces:
    """Follows the faces of one camera.

    Args:
        inferencer (ExpressionInferencer): The model.

    Attributes:
        drawn_at (float): When the timeline was drawn last.
    """

    def __init__(self, inferencer: ExpressionInferencer) -> None:
        self.inferencer = inferencer
        self.finder = VideoFaceFinder(inferencer.finder, SEARCH_INTERVAL)
        self.follower = FaceFollower(
            SMOOTH, thresholds=reliability(inferencer.model))
        self.drawn_at = float('-inf')
        # Of the last minute: time, number and probabilities of each face.
        self._seen: deque[tuple[float, int, Mapping[str, float]]] = deque()

    def look(self, image: np.ndarray, seconds: float) -> np.ndarray:
        """Find and draw the faces of the next frame.

        Args:
            image (np.ndarray): RGB, uint8 (H, W, 3).
            seconds (float): Its time.

        Returns:
            np.ndarray: The frame with its faces, BGR, uint8 (H, W, 3).
        """
        ((result, frame), ) = self.inferencer.iterate(
            [swap_channels(image)], finder=self.finder)
        tracks, shown = self.follower.follow(seconds, result.faces)
        for track, face in zip(tracks, result.faces):
            self._seen.append((seconds, track, face.probabilities))
        while self._seen and self._seen[0][0] < seconds - WINDOW:
            self._seen.popleft()
        return draw_faces(frame, result.faces, tracks, labels=shown)

    def timeline(self) -> Figure:
        """Draw the expressions of the last minute.

        Returns:
            Figure: A panel for each face.
        """
        timeline = ExpressionTimeline(self.inferencer.classes)
        for seconds, track, probabilities in self._seen:
            timeline.add(track, seconds - self._seen[0][0], probabilities)
        return timeline.figure('The last minute')
