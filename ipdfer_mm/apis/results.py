"""What is found out about images, and how it is written down."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ipdfer_mm.geometry.five_points import POINT_COLUMNS
from ipdfer_mm.preparation.head_pose import Angles

BOX_COLUMNS = ('left', 'top', 'right', 'bottom')
FACE_COLUMNS = ('label', 'detection_score', *BOX_COLUMNS, *POINT_COLUMNS,
                *Angles._fields, 'flags')


@dataclass(frozen=True, eq=False)
class Face:
    """A face of an image.

    Args:
        box (np.ndarray): Left, top, right and bottom in pixels of the
            image, (4,).
        points (np.ndarray, optional): Left eye, right eye, nose, left and
            right mouth corner as seen in the image, in its pixels, (5, 2);
            None where faces were not searched.
        detection_score (float): Probability by the detector; nan likewise.
        probabilities (dict[str, float]): Of the expressions, by name.
        angles (Angles): Yaw, pitch and roll in degrees, nan where unknown.
        flags (tuple[str]): ``'mirrored'`` where the points look so, as in
            full profile, and the box was cut out instead of aligned.
        aligned (np.ndarray, optional): The aligned face, BGR, uint8
            (S, S, 3); with the next two None unless they were asked for.
        neutral (np.ndarray, optional): The face as synthesized without its
            expression, likewise.
        reconstruction (np.ndarray, optional): As synthesized with it.
    """

    box: np.ndarray
    points: np.ndarray | None
    detection_score: float
    probabilities: dict[str, float]
    angles: Angles
    flags: tuple[str, ...] = ()
    aligned: np.ndarray | None = None
    neutral: np.ndarray | None = None
    reconstruction: np.ndarray | None = None

    @property
    def label(self) -> str:
        """The most probable expression."""
        return max(self.probabilities, key=self.probabilities.__getitem__)

    def to_dict(self) -> dict:
        """Plain values, without the images; None where unknown."""
        points = None if self.points is None else self.points.round(2).tolist()
        return dict(
            label=self.label,
            probabilities={name: round(value, 6)
                           for name, value in self.probabilities.items()},
            box=self.box.round(2).tolist(),
            points=points,
            detection_score=_plain(self.detection_score, 6),
            **{name: _plain(angle, 2)
               for name, angle in self.angles._asdict().items()},
            flags=list(self.flags))


@dataclass(frozen=True, eq=False)
class ImageResult:
    """What was found in an image.

    Args:
        path (str, optional): The file; None for an array.
        faces (tuple[Face]): From left to right; empty where there is none.
        error (str, optional): Why the file could not be read; names it.
    """

    path: str | None
    faces: tuple[Face, ...] = ()
    error: str | None = None

    def to_dict(self) -> dict:
        """Plain values, without the images; ``error`` where there is one."""
        content = dict(
            path=self.path, faces=[face.to_dict() for face in self.faces])
        return content if self.error is None else dict(
            content, error=self.error)


def face_columns(classes: Sequence[str]) -> list[str]:
    """Header of a table of faces.

    Args:
        classes (Sequence[str]): Names of the expressions.

    Returns:
        list[str]: The columns.
    """
    return [*FACE_COLUMNS, *classes]


def face_cells(face: Face | None, classes: Sequence[str]) -> list[str]:
    """Row of a table of faces; unknown is an empty cell.

    Args:
        face (Face, optional): A face, or None where there is none.
        classes (Sequence[str]): Names of the expressions.

    Returns:
        list[str]: As :func:`face_columns` names them.
    """
    if face is None:
        return [''] * len(face_columns(classes))
    points = [math.nan] * 10 if face.points is None else face.points.ravel()
    return [
        face.label,
        _cell(face.detection_score, 4),
        *(_cell(value, 2) for value in (*face.box, *points, *face.angles)),
        ';'.join(face.flags),
        *(_cell(face.probabilities[name], 4) for name in classes),
    ]


def _plain(value: float, digits: int) -> float | None:
    return None if math.isnan(value) else round(float(value), digits)


def _cell(value: float, digits: int) -> str:
    return '' if math.isnan(value) else f'{value:.{digits}f}'
