"""The five points that alignment works with."""

import numpy as np


def five_points(landmarks68: np.ndarray) -> np.ndarray:
    """Eyes, nose tip and mouth corners out of the 68 points.

    Args:
        landmarks68 (np.ndarray): Multi-PIE points, (68, 2).

    Returns:
        np.ndarray: Left eye, right eye (means of the six points around each),
        nose tip, left and right mouth corner, as seen in a picture of a head
        turned by less than 90 degrees, (5, 2).
    """
    return np.stack([
        landmarks68[36:42].mean(axis=0), landmarks68[42:48].mean(axis=0),
        landmarks68[30], landmarks68[48], landmarks68[54]
    ])
