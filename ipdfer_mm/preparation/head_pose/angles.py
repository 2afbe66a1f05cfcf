"""Head pose as three signed angles."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np


class Angles(NamedTuple):
    """Pose of a head in degrees, nan where unknown.

    Attributes:
        yaw (float): Positive where the nose points to the left of the
            image.
        pitch (float): Positive where the nose is lifted.
        roll (float): Positive where the head is turned clockwise as seen in
            the image.
    """

    yaw: float
    pitch: float
    roll: float


UNKNOWN = Angles(float('nan'), float('nan'), float('nan'))


@dataclass(frozen=True, eq=False)
class FaceImage:
    """What a head pose can be estimated from.

    Args:
        path (str): The image, relative to the data root.
        image (np.ndarray): RGB, uint8 (H, W, 3).
        points (np.ndarray, optional): Left eye, right eye, nose, left and
            right mouth corner as seen in the image, in its pixels, (5, 2).
    """

    path: str
    image: np.ndarray
    points: np.ndarray | None


class HeadPoseEstimator(Protocol):
    """An estimator: a call, and what it is for ``recipe.json``."""

    def __call__(self, face: FaceImage) -> Angles:
        """Estimate the pose of a face."""

    def describe(self) -> dict:
        """Name and settings, plain values."""


def angles_of(rotation: np.ndarray) -> Angles:
    """Angles of a rotation that is first yaw, then pitch, then roll.

    Args:
        rotation (np.ndarray): Matrix (3, 3) for column vectors whose x grows
            to the right of the image, y upwards and z out of it.

    Returns:
        Angles: Pitch in [-90, 90].
    """
    pitch = -np.arcsin(np.clip(rotation[2, 1], -1, 1))
    yaw = np.arctan2(rotation[2, 0], rotation[2, 2])
    roll = np.arctan2(rotation[0, 1], rotation[1, 1])
    return Angles(*map(float, np.degrees([yaw, pitch, roll])))
