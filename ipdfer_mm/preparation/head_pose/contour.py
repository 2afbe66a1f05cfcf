"""Yaw from the contour of the face, the formula behind the paper's labels."""

import numpy as np

from .angles import UNKNOWN, Angles
from .table import TablePose, read_landmarks


class ContourPose(TablePose):
    """``facepose_linear``: the formula of the paper's head-pose estimator.

    `FacePose_pytorch <https://github.com/WIKI2020/FacePose_pytorch>`_, which
    the paper's footnote names, takes of 98 (WFLW) landmarks the points 1 and
    31 on the jaw near the ears and 51 on the nose bridge. With r the distance
    from point 1 to the foot of 51 on the line from 1 to 31, and m half of
    that line, the yaw is ``int(71.58 * (m - r) / m + 0.7037)`` degrees. Of 68
    points the jaw's are half-way between 0 and 1, and 15 and 16, and the
    nose bridge is 27. It reads a true yaw of 30 degrees as 38 to 40 and
    saturates near 50. Pitch and roll are unknown.

    Args:
        file (str): CSV with the columns ``path``, ``x0``, ``y0``,
            ``x1`` ... of 68 or 98 landmarks, in pixels.

    Raises:
        ValueError: If the file's columns or a cell are wrong.
    """

    @staticmethod
    def _read(file: str) -> dict[str, Angles]:
        return {path: UNKNOWN._replace(yaw=contour_yaw(landmarks))
                for path, landmarks in read_landmarks(file).items()}

    def describe(self) -> dict:
        """Name and settings for ``recipe.json``."""
        return dict(name='facepose_linear', landmark_file=self.digest)


def contour_yaw(landmarks: np.ndarray) -> float:
    """The formula of :class:`ContourPose`.

    Args:
        landmarks (np.ndarray): 98 (WFLW) or 68 (Multi-PIE) points in pixels,
            (98, 2) or (68, 2).

    Returns:
        float: Whole degrees, positive where the nose points to the left of
        the image; nan if both ends of the line coincide.

    Raises:
        ValueError: If there are neither 68 nor 98 points.
    """
    landmarks = np.asarray(landmarks, dtype=np.float64)
    if landmarks.shape == (98, 2):
        left, right, bridge = landmarks[[1, 31, 51]]
    elif landmarks.shape == (68, 2):
        left, right = landmarks[:2].mean(axis=0), landmarks[15:17].mean(axis=0)
        bridge = landmarks[27]
    else:
        raise ValueError('facepose_linear needs 68 or 98 landmarks, but got '
                         f'an array of shape {landmarks.shape}.')
    line = right - left
    length = np.linalg.norm(line)
    if length == 0:
        return float('nan')
    half = length / 2
    foot = (bridge - left) @ line / length
    return float(int(71.58 * (half - abs(foot)) / half + 0.7037))
