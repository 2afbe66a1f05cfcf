"""Head pose from the five points that the detector gives."""

import cv2
import numpy as np

from .angles import UNKNOWN, Angles, FaceImage, angles_of

# Left eye, right eye, nose tip, left and right mouth corner of an average
# head, the mean of the ICT face model, in centimeters from their mean; x to
# the right of the image, y up and z out of it.
HEAD = np.array([
    (-3.26, 3.39, -1.16),
    (3.26, 3.39, -1.16),
    (0.0, 0.36, 2.69),
    (-2.54, -3.57, -0.19),
    (2.54, -3.57, -0.19),
])
# How far the camera is supposed to be, in centimeters: images do not say.
DISTANCE = 90.0
# OpenCV's cameras have y downwards and z into the image.
FLIP = np.diag([1.0, -1.0, -1.0])


class FivePointPose:
    """``pnp5``: fit an average head to the five points (OpenCV's solvePnP).

    The camera is taken to be 90 cm away, opposite the face; its focal length
    follows from the size of the face. A subject whose nose is longer or whose
    mouth sits lower than the average's gets a wrong pitch or yaw.
    """

    def __call__(self, face: FaceImage) -> Angles:
        """Estimate the pose of a face.

        Args:
            face (FaceImage): A face; only its points are used.

        Returns:
            Angles: Unknown where there are no points, or they fit no head.
        """
        if face.points is None:
            return UNKNOWN
        points = np.asarray(face.points, dtype=np.float64)
        middle = points.mean(axis=0)
        camera = np.array([[self._focal_length(points), 0, middle[0]],
                           [0, self._focal_length(points), middle[1]],
                           [0, 0, 1]])
        solved, turn, _ = cv2.solvePnP(
            HEAD, points, camera, None, flags=cv2.SOLVEPNP_SQPNP)
        if not solved:
            return UNKNOWN
        return angles_of(FLIP @ cv2.Rodrigues(turn)[0])

    @staticmethod
    def _focal_length(points: np.ndarray) -> float:
        """In pixels, from the distance between eyes and mouth.

        Yaw does not change that distance, and pitch little.
        """
        seen = np.linalg.norm(points[:2].mean(axis=0) -
                              points[3:].mean(axis=0))
        real = np.linalg.norm(HEAD[:2].mean(axis=0) - HEAD[3:].mean(axis=0))
        return max(float(seen), 1e-3) / real * DISTANCE

    def describe(self) -> dict:
        """Name and settings for ``recipe.json``."""
        return dict(name='pnp5', distance_cm=DISTANCE)
