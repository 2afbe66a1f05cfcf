"""Where the vertices of the built-in head lie, and how they connect.

The right half of the image (the left of the subject) is laid out in a plane,
``u`` along the skin from the middle of the face to the middle of the nape and
``y`` upwards, with rings of vertices around eye and mouth so that both open
cleanly. It is triangulated there, with the mouth a little open, then bent
round the head and mirrored. All lengths are centimeters.
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import Delaunay

from .skull import (
    NAPE,
    STRETCH,
    bend,
    eye_depth,
    relief,
    surface,
    unbend,
)

# From the inner corner over the upper lid to the outer corner and back.
EYE_RIM = np.array([(1.75, 3.2), (2.05, 3.5), (2.5, 3.83), (3.05, 3.98),
                    (3.6, 3.93), (4.1, 3.74), (4.55, 3.42), (4.1, 3.1),
                    (3.6, 2.92), (3.05, 2.87), (2.5, 2.95), (2.05, 3.07)])
MOUTH_Y = -3.4
# From the middle to the corner: outer edge of the lips, x and y.
UPPER_LIP = np.array([(0, -2.62), (.35, -2.52), (.7, -2.5), (1.15, -2.68),
                      (1.6, -2.93), (2.1, -3.2), (2.5, -3.42)])
LOWER_LIP = np.array([(0, -4.5), (.35, -4.49), (.7, -4.42), (1.15, -4.24),
                      (1.6, -3.99), (2.1, -3.7), (2.5, -3.42)])
SEAM_CORNER = 2.3
# Half width and half height of the rings around the mouth in the plane.
MOUTH_RINGS = ((2.6, 1.05), (2.3, .75), (2.0, .45), (1.7, .2))
# Middle of the brow.
BROW = np.array([(1.15, 5.0), (2.2, 5.45), (3.3, 5.65), (4.4, 5.5),
                 (5.4, 4.85)])


@dataclass(frozen=True)
class Sheet:
    """The skin of the head.

    Args:
        vertices (np.ndarray): Positions, float64 (V, 3).
        triangles (np.ndarray): Vertex indices, (T, 3).
        lip (np.ndarray): 1 for the upper and -1 for the lower lip and the
            skin that moves with it, (V,).
        lid (np.ndarray): 1 on the upper and -1 on the lower rim of an eye,
            half of that on the ring around it, else 0, (V,).
    """

    vertices: np.ndarray
    triangles: np.ndarray
    lip: np.ndarray
    lid: np.ndarray


def build_sheet() -> Sheet:
    """Lay out, connect, bend and mirror the skin.

    Returns:
        Sheet: The skin of the whole head.
    """
    layout, vertices, lip, lid = [], [], [], []
    for plane, solid, lip_side, lid_side in (*_mouth(), *_eye()):
        layout.append(plane)
        vertices.append(solid)
        lip.append(np.full(len(plane), lip_side))
        lid.append(np.full(len(plane), lid_side))
    rest = _fill(np.concatenate(layout))
    skin = bend(*rest.T)
    skin[:, 2] += relief(*skin[:, :2].T) * (rest[:, 0] < STRETCH * 1.4)
    layout, vertices = [*layout, rest], [*vertices, skin]
    above = rest[:, 1] > MOUTH_Y
    lip.append(np.where(above, 1.0, -1.0))
    lid.append(np.zeros(len(rest)))
    triangles = _connect(np.concatenate(layout))
    return _mirror(Sheet(np.concatenate(vertices), triangles,
                         np.concatenate(lip), np.concatenate(lid)))


def contours() -> tuple[np.ndarray, ...]:
    """Edges of the openings on the left side of the subject.

    Returns:
        tuple[np.ndarray, ...]: The rim of the eye as in :data:`EYE_RIM`, (12,
        3); outer edges of the upper and the lower lip as in
        :data:`UPPER_LIP`, (7, 3) and (6, 3); where the upper and the lower
        lip meet, alike.
    """
    mouth, (above, below, corners) = _mouth(), _eye()[:3]
    eye = np.concatenate([corners[1][:1], above[1], corners[1][1:], below[1]])
    return (eye, *(mouth[i][1] for i in (0, 4, 2, 6)))


def _mouth() -> list[tuple]:
    """Rings from the edge of the lips to their inside, upper then lower.

    In the plane they are ellipses, so that the triangulation follows them
    round the corners too.
    """
    rings = []
    for side, edge in ((1, UPPER_LIP), (-1, LOWER_LIP)):
        x = edge[:, 0]
        bow = .04 * np.cos(np.pi * x / 1.4) * np.exp(-x**2)
        seam = np.stack([
            x * SEAM_CORNER / x[-1], np.full(len(x), MOUTH_Y + .02 * side) -
            bow * (x < x[-1])
        ], axis=1)
        turn = np.linspace(0, np.pi / 2, len(x))
        taper = 1 - .6 * (x / x[-1])**2
        # The corner is shared, so the lower lip leaves it out.
        last = len(x) if side > 0 else len(x) - 1
        for (width, height), share, out in zip(MOUTH_RINGS, (0, .5, 1, 1),
                                               (0, .32, .12, -.75)):
            ring = edge + share * (seam - edge)
            solid = surface(*ring.T)
            solid[:, 2] += out * taper
            y = MOUTH_Y + side * height * np.cos(turn)
            plane = np.stack([unbend(width * np.sin(turn), y), y], axis=1)
            rings.append((plane[:last], solid[:last], side, 0))
    return rings


def _eye() -> list[tuple]:
    """Rings from the rim of the lids to the edge of the socket."""
    rings = []
    middle = EYE_RIM.mean(axis=0)
    corners = (0, 6)
    for grow, share in ((1, 0), (1.25, .3), (1.6, .75)):
        scale = np.where(EYE_RIM[:, 1:] > middle[1], 1, .9) * (grow - 1) + 1
        ring = middle + (EYE_RIM - middle) * scale
        # Lids are higher than wide, their ring must not cross the nose.
        ring[:, 1] += (grow - 1) * .9 * np.sign(ring[:, 1] - middle[1]) * (
            np.abs(EYE_RIM[:, 1] - middle[1]) > .2)
        skin = surface(*ring.T)
        on_ball = eye_depth(*ring.T, .1)
        skin[:, 2] += (1 - share) * (on_ball - skin[:, 2])
        plane = np.stack([unbend(*ring.T), ring[:, 1]], axis=1)
        side = np.where(np.arange(len(ring)) < 6, 1.0, -1.0)
        side[list(corners)] = 0
        for sign in (1.0, -1.0, 0.0):
            chosen = side == sign
            weight = {1: 1.0, 1.25: .5}.get(grow, 0.0)
            rings.append((plane[chosen], skin[chosen],
                          1.0, sign * weight))
    return rings


def _fill(fixed: np.ndarray) -> np.ndarray:
    """Spread vertices over the rest, dense in the face, sparse behind."""
    zones = (
        # u and y ranges and spacing; nose first, so that it gets its own.
        (0, 1.9, -2.2, 4.6, .42, .4), (0, 6.2, 4.3, 6.6, .6, .36),
        (0, 6.5, -8.5, 9.5, .78, .8), (6.5, 11, -8.5, 13.3, 1.3, 1.3),
        (0, 6.5, 9.5, 13.3, 1.2, .95), (11, NAPE, -8.5, 13.3, 2.2, 2.2))
    kept = fixed
    outer_ring = [_mouth()[i][0] for i in (0, 4)]
    mouth = np.concatenate([outer_ring[0], outer_ring[1][::-1]])
    for left, right, bottom, top, dx, dy in zones:
        us = np.linspace(left, right, int(round((right - left) / dx)) + 1)
        ys = np.linspace(bottom, top, int(round((top - bottom) / dy)) + 1)
        grid = np.stack(np.meshgrid(us, ys), axis=-1).reshape(-1, 2)
        inner_eye = np.sum(((grid - (3.2, 3.4)) / (1.9, .95))**2, axis=1) < 1
        inner_lips = _inside(grid, mouth)
        grid = grid[~inner_eye & ~inner_lips]
        for point in grid:
            room = np.hypot((kept[:, 0] - point[0]) / dx,
                            (kept[:, 1] - point[1]) / dy)
            if room.min() > .62:
                kept = np.concatenate([kept, point[None]])
    return kept[len(fixed):]


def _inside(points: np.ndarray, polygon: np.ndarray) -> np.ndarray:
    """Whether points lie in a polygon, by counting crossings."""
    start, end = polygon, np.roll(polygon, -1, axis=0)
    x, y = points[:, :1], points[:, 1:]
    crosses = (start[:, 1] > y) != (end[:, 1] > y)
    height = np.where(end[:, 1] == start[:, 1], 1, end[:, 1] - start[:, 1])
    at = start[:, 0] + (y - start[:, 1]) / height * (end[:, 0] - start[:, 0])
    return (crosses & (x < at)).sum(axis=1) % 2 == 1


def _connect(layout: np.ndarray) -> np.ndarray:
    """Triangulate the plane, without the openings of eye and mouth."""
    # The last bits, and ties that hang on them, differ between versions.
    triangles = Delaunay(layout.round(5)).simplices
    middle = layout[triangles].mean(axis=1)
    rim = np.stack([unbend(*EYE_RIM.T), EYE_RIM[:, 1]], axis=1)
    ring = np.concatenate([_mouth()[3][0], _mouth()[7][0][::-1]])
    ring = np.concatenate([ring, [(-1, ring[-1, 1]), (-1, ring[0, 1])]])
    triangles = triangles[~_inside(middle, rim) & ~_inside(middle, ring)]
    a, b, c = (layout[triangles[:, i]] for i in range(3))
    area = ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0])
    triangles[area < 0] = triangles[area < 0, ::-1]
    return triangles[np.abs(area) > 1e-6]


def _mirror(half: Sheet) -> Sheet:
    """Add the other half; vertices in the middle are shared."""
    middle = np.abs(half.vertices[:, 0]) < 1e-6
    count = len(middle)
    mirrored = np.arange(count)
    mirrored[~middle] = count + np.arange((~middle).sum())
    other = half.vertices[~middle] * (-1, 1, 1)
    return Sheet(
        np.concatenate([half.vertices, other]),
        np.concatenate([half.triangles, mirrored[half.triangles][:, ::-1]]),
        np.concatenate([half.lip, half.lip[~middle]]),
        np.concatenate([half.lid, half.lid[~middle]]))
