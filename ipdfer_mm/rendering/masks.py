"""Masks over the vertices of a face: soft edges, lines, folds."""

import cv2
import numpy as np


def soft(distance: np.ndarray, width: float) -> np.ndarray:
    """Turn distances into a mask with a soft edge.

    Args:
        distance (np.ndarray): Distance beyond the edge, negative inside, (V,).
        width (float): Width of the edge.

    Returns:
        np.ndarray: 1 inside and 0 outside, float32 (V,).
    """
    return np.clip(0.5 - distance / width, 0, 1).astype(np.float32)


def to_line(points: np.ndarray, line: np.ndarray) -> np.ndarray:
    """Measure how far points are from a line.

    Args:
        points (np.ndarray): Points, (V, 2).
        line (np.ndarray): Corners of the line in order, (K, 2).

    Returns:
        np.ndarray: Distances, (V,).
    """
    nearest = np.full(len(points), np.inf)
    for start, end in zip(line[:-1], line[1:]):
        along = (points - start) @ (end - start) / np.sum((end - start)**2)
        foot = start + np.clip(along, 0, 1)[:, None] * (end - start)
        nearest = np.minimum(nearest,
                             np.linalg.norm(points - foot, axis=1))
    return nearest


def to_polygon(points: np.ndarray, polygon: np.ndarray) -> np.ndarray:
    """Measure how far points are outside a polygon.

    Args:
        points (np.ndarray): Points, (V, 2).
        polygon (np.ndarray): Corners in order, (K, 2).

    Returns:
        np.ndarray: Distances, negative inside, (V,).
    """
    contour = polygon.astype(np.float32).reshape(-1, 1, 2)
    return np.array([
        -cv2.pointPolygonTest(contour, (float(x), float(y)), True)
        for x, y in points
    ])


def fold_masks(mean: np.ndarray, points: np.ndarray,
               front: np.ndarray) -> dict[str, np.ndarray]:
    """Find where the skin folds when an expression shape is shown.

    Args:
        mean (np.ndarray): Vertices of the mean face, (V, 3).
        points (np.ndarray): Its 68 points, (68, 3).
        front (np.ndarray): Whether a vertex is on the front of the face, (V,).

    Returns:
        dict[str, np.ndarray]: Darkness 0 to 1 by the name of the shape,
        float32 (V,).
    """
    def near(line: np.ndarray, width: float, reach: float) -> np.ndarray:
        return front * soft(to_line(mean[:, :2], line) - reach, width)

    folds = {}
    for side, sign, ala, corner, inner in (('_R', -1, 31, 48, 21),
                                           ('_L', 1, 35, 54, 22)):
        wing, lip = points[ala, :2], points[corner, :2]
        brow = points[inner, :2]
        half = front * soft(-sign * mean[:, 0], 0.8)
        out = np.array([sign, 0])
        cheek = np.array([wing + .35 * out + (0, .5),
                          (wing + lip) / 2 + 1.0 * out,
                          lip + 1.0 * out - (0, .3)])
        nasolabial = near(cheek, .5, .12)
        corner_line = np.array([lip + .25 * out, lip + .5 * out -
                                (0, 1.6)])
        frown = np.array([(sign * .45, brow[1] - .9),
                          (sign * .55, brow[1] + .6)])
        ridge = (mean[:, 1] - points[28, 1])
        bridge = (soft(np.abs(mean[:, 0]) - 1.0, .6) *
                  soft(np.abs(ridge) - 0.9, .6) *
                  (0.5 + 0.5 * np.cos(2 * np.pi * ridge / 0.8)))
        above = mean[:, 1] - brow[1]
        forehead = (soft(np.abs(above - 2.6) - 1.4, .6) *
                    (0.5 + 0.5 * np.cos(2 * np.pi * above / 1.1)))
        across = np.abs(mean[:, 0])
        folds.update({
            f'mouthSmile{side}': .3 * nasolabial,
            f'noseSneer{side}': .35 * nasolabial +
            .3 * half * bridge,
            f'mouthUpperUp{side}': .15 * nasolabial,
            f'mouthFrown{side}': .3 * near(corner_line, .5, .1),
            f'browDown{side}': .5 * near(frown, .5, .1),
            f'browInnerUp{side}': .22 * half * forehead *
            soft(across - 2.2, 2),
            f'browOuterUp{side}': .22 * half * forehead *
            soft(2 - across, 2) * soft(across - 5, 1.5),
        })
    return {name: mask.astype(np.float32) for name, mask in folds.items()}
