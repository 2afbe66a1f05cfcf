"""Faces of successive frames: found now and then, followed between."""

import numpy as np

from ipdfer_mm.preparation.detection import Detections
from ipdfer_mm.preparation.face_search import (
    MAX_MISFIT,
    box_around,
    misfit,
    overlap,
)

from .face_finder import FaceFinder, FoundFace, from_left_to_right

# A face of a lower probability, or with points that moved farther than this
# share of the distance of the eyes, is lost.
MIN_SCORE = 0.7
MAX_MOVE = 0.6
# Two faces that overlap more are one.
SAME = 0.4


class VideoFaceFinder:
    """Finds the faces of the frames of one video, one after the other.

    All faces are searched in every ``interval``-th frame, and in one in which
    a face is lost. Between, O-Net of MTCNN finds the points of each face
    again from where they were in the frame before, which takes a tenth of the
    time (:class:`~ipdfer_mm.preparation.refinement.PointRefiner`). A face
    that appears is found up to ``interval - 1`` frames late.

    Args:
        finder (FaceFinder): Searches all faces.
        interval (int): Frames from one search to the next.
    """

    def __init__(self, finder: FaceFinder, interval: int) -> None:
        self.finder = finder
        self.interval = interval
        self._age = interval
        self._points = np.zeros((0, 5, 2))
        # What the last search says of the points, beside O-Net; and which
        # faces it missed.
        self._offsets = np.zeros((0, 5, 2))
        self._missed = np.zeros(0, dtype=bool)

    def find(self, images: list[np.ndarray]) -> list[list[FoundFace]]:
        """Find the faces of the next frames.

        Args:
            images (list[np.ndarray]): RGB, uint8 (H, W, 3) each, in order.

        Returns:
            list[list[FoundFace]]: Of each frame, from left to right.
        """
        return [from_left_to_right(self._find(image)) for image in images]

    def _find(self, image: np.ndarray) -> Detections:
        self._age += 1
        followed, kept = self._follow(image)
        if self._age < self.interval and kept.all():
            self._points = followed.points
            return followed
        self._age = 0
        faces, = self.finder.detect([image])
        # A face that only the search misses stays until the next search.
        rest = kept & ~self._missed & np.array(
            [not any(overlap(box, other) > SAME for other in faces.boxes)
             for box in followed.boxes], dtype=bool)
        refined, _ = self.finder.search.refine(image, faces.points)
        self._offsets = np.concatenate(
            [faces.points - refined, self._offsets[rest]])
        self._missed = np.repeat([False, True], [len(refined), rest.sum()])
        faces = faces.join(followed.select(rest))
        self._points = faces.points
        return faces

    def _follow(self, image: np.ndarray) -> tuple[Detections, np.ndarray]:
        """The faces of the frame before, and which of them are not lost."""
        points, scores = self.finder.search.refine(
            image, self._points - self._offsets)
        points += self._offsets
        moves = np.linalg.norm(points - self._points, axis=2).mean(axis=1)
        eyes = np.linalg.norm(
            self._points[:, 1] - self._points[:, 0], axis=1)
        misfits = np.array([misfit(face) for face in points])
        kept = (scores >= MIN_SCORE) & (moves <= MAX_MOVE * eyes) & (
            misfits <= MAX_MISFIT)
        boxes = np.array([
            box_around(face) if keep else np.zeros(4)
            for face, keep in zip(points, kept)]).reshape(-1, 4)
        for i in range(len(boxes)):
            kept[i] &= not any(
                overlap(boxes[i], boxes[j]) > SAME for j in range(i)
                if kept[i] and kept[j])
        return Detections.of(boxes, scores, points), kept
