"""Which of the detected faces is the one of a sample, and what if none is."""

from typing import NamedTuple

import numpy as np

from ipdfer_mm.datasets.manifest import REPEATED
from ipdfer_mm.geometry.alignment import ARCFACE_TEMPLATE, similarity_transform

from .detection import Detections

NO_FACE = 'no_face'
SEVERAL_FACES = 'several_faces'
MIRRORED = 'mirrored'
BOX_OUTSIDE = 'box_outside'
SECOND_LOOK = 'second_look'
MEANINGS = {
    NO_FACE: 'no face found, center crop',
    SEVERAL_FACES: 'several faces found, the one nearest to the center taken',
    MIRRORED: 'points as in full profile, center crop',
    BOX_OUTSIDE: 'the face box is beside the image and was not used',
    SECOND_LOOK: 'the face met the border, points found again with padding',
    'found_equalized': 'found after the contrast was equalized',
    'found_tilted_left': 'found after the image was tilted to the left',
    'found_tilted_right': 'found after the image was tilted to the right',
    REPEATED: 'the same pixels as an earlier image of the split',
}


class ChosenFace(NamedTuple):
    """The face of a sample.

    Attributes:
        points (np.ndarray, optional): Five points in pixels of the image,
            (5, 2); None if no face was found.
        score (float): Probability by the detector; nan where none ran.
        flags (tuple[str]): What a user should know, of :data:`MEANINGS`.
    """

    points: np.ndarray | None
    score: float
    flags: tuple[str, ...]

    @property
    def can_be_aligned(self) -> bool:
        """Whether the points give a similarity without reflection."""
        return self.points is not None and MIRRORED not in self.flags


def choose_face(found: Detections,
                center: tuple[float, float]) -> ChosenFace:
    """Take the face nearest to the center.

    Args:
        found (Detections): What the detector found.
        center (tuple[float, float]): Where the face should be, (x, y), in
            the pixels of the detections.

    Returns:
        ChosenFace: Flagged where there are none or several.
    """
    if not len(found.scores):
        return ChosenFace(None, float('nan'), (NO_FACE, ))
    middles = found.boxes.reshape(-1, 2, 2).mean(axis=1)
    nearest = int(np.linalg.norm(middles - center, axis=1).argmin())
    flags = (SEVERAL_FACES, ) if len(middles) > 1 else ()
    return check_points(found.points[nearest], found.scores[nearest],
                        (*found.flags[nearest], *flags))


def check_points(points: np.ndarray, score: float,
                 flags: tuple[str, ...] = ()) -> ChosenFace:
    """Flag points that look mirrored, as those of a full profile can.

    Args:
        points (np.ndarray): Five points, (5, 2).
        score (float): Probability, or nan.
        flags (tuple[str]): Flags so far.

    Returns:
        ChosenFace: With the points.
    """
    try:
        similarity_transform(points, ARCFACE_TEMPLATE)
    except ValueError:
        flags = (*flags, MIRRORED)
    return ChosenFace(points, float(score), flags)
