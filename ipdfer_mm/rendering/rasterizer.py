"""A z-buffer for small shaded triangles, in plain numpy."""

import cv2
import numpy as np


def vertex_normals(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Normals of a mesh, averaged over the triangles by their area.

    Args:
        vertices (np.ndarray): Vertices, float32 (V, 3).
        triangles (np.ndarray): Vertex indices, (T, 3).

    Returns:
        np.ndarray: Unit normals, float32 (V, 3); zero for lone vertices.
    """
    first, second, third = (vertices[triangles[:, i]] for i in range(3))
    normals = np.cross(second - first, third - first)
    corners = triangles.ravel()
    total = np.stack([
        np.bincount(corners, np.repeat(normals[:, i], 3), len(vertices))
        for i in range(3)
    ], axis=1)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return (total / np.maximum(length, 1e-12)).astype(np.float32)


def rasterize(points: np.ndarray,
              nearness: np.ndarray,
              colors: np.ndarray,
              triangles: np.ndarray,
              size: int,
              supersampling: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Draw the triangles that face the camera, the nearest on top.

    Colors are interpolated between vertices. Every sample that a triangle may
    touch is one row of flat arrays, so the cost follows the covered area, not
    the number of triangles.

    Args:
        points (np.ndarray): Vertices in pixels, x to the right, y downwards
            and (0, 0) the center of the top left pixel, float32 (V, 2).
        nearness (np.ndarray): What grows towards the camera linearly in the
            image, such as 1 / depth, float32 (V,).
        colors (np.ndarray): Colors, float32 (V, 3).
        triangles (np.ndarray): Vertex indices, counter-clockwise as seen from
            the front, (T, 3).
        size (int): Side of the square image in pixels.
        supersampling (int): Samples per pixel along each side.

    Returns:
        tuple[np.ndarray, np.ndarray]: Colors times coverage, float32
        (size, size, 3), and coverage 0 to 1, float32 (size, size).
    """
    side = size * supersampling
    points = (points + 0.5) * supersampling - 0.5
    triangle, x, y = _candidates(points, triangles, side)
    corners = triangles[triangle]
    weights = _barycentric(points, triangles, triangle, x, y)
    inside = (weights >= 0).all(axis=0)
    corners, weights = corners[inside], weights[:, inside]
    sample = y[inside] * side + x[inside]

    depth = sum(weights[i] * nearness[corners[:, i]] for i in range(3))
    depth = depth.astype(np.float32)
    nearest = np.full(side * side, -np.inf, dtype=np.float32)
    np.maximum.at(nearest, sample, depth)
    front = depth == nearest[sample]
    corners, weights, sample = corners[front], weights[:, front], sample[front]

    image = np.zeros((side * side, 4), dtype=np.float32)
    image[sample, :3] = sum(
        weights[i, :, None] * colors[corners[:, i]] for i in range(3))
    image[sample, 3] = 1
    image = image.reshape(side, side, 4)
    if supersampling > 1:
        image = cv2.resize(
            image, (size, size), interpolation=cv2.INTER_AREA)
    return image[..., :3], image[..., 3]


def _candidates(points: np.ndarray, triangles: np.ndarray,
                side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """List all samples within the bounding box of each front triangle."""
    xs, ys = (points[:, i][triangles] for i in range(2))
    # y grows downwards, so counter-clockwise triangles have a negative area.
    area = ((xs[:, 1] - xs[:, 0]) * (ys[:, 2] - ys[:, 0]) -
            (xs[:, 2] - xs[:, 0]) * (ys[:, 1] - ys[:, 0]))
    left = np.maximum(np.ceil(xs.min(axis=1)), 0)
    top = np.maximum(np.ceil(ys.min(axis=1)), 0)
    width = np.minimum(np.floor(xs.max(axis=1)), side - 1) - left + 1
    height = np.minimum(np.floor(ys.max(axis=1)), side - 1) - top + 1
    kept = np.flatnonzero((area < 0) & (width > 0) & (height > 0))
    left, top, width, height = (
        values[kept].astype(np.int32) for values in (left, top, width, height))

    count = width * height
    box = np.repeat(np.arange(len(kept), dtype=np.int32), count)
    start = np.cumsum(count) - count
    step = np.arange(len(box), dtype=np.int32) - np.repeat(
        start.astype(np.int32), count)
    row = step // width[box]
    return kept[box], left[box] + step - row * width[box], top[box] + row


def _barycentric(points: np.ndarray, triangles: np.ndarray,
                 triangle: np.ndarray, x: np.ndarray,
                 y: np.ndarray) -> np.ndarray:
    """Weights of the three corners at each sample, (3, N)."""
    (x0, x1, x2), (y0, y1, y2) = (points[:, i][triangles].T
                                  for i in range(2))
    with np.errstate(divide='ignore', invalid='ignore'):
        scale = 1 / ((x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0))
        along = np.stack([(y2 - y0) * scale, (x0 - x2) * scale,
                          (y0 - y1) * scale, (x1 - x0) * scale, x0, y0])
    a, b, c, d, left, top = along[:, triangle]
    right, down = x - left, y - top
    second = a * right + b * down
    third = c * right + d * down
    return np.stack([1 - second - third, second, third])
