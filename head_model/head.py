"""A head made of formulas."""

import numpy as np

from ipdfer_mm.rendering.face_model import FaceModel

from .layout import BROW, Sheet, build_sheet, contours
from .region import Region
from .shapes import expression_shapes, identity_shapes
from .skull import (
    EYEBALL,
    EYEBALL_RADIUS,
    STRETCH,
    bend,
    surface,
)

# Slices of neck and shoulders: height, half width, z of front and back.
NECK = ((-2, 4.0, 4.6, -4.6), (-6, 4.5, 4.4, -4.9), (-10, 4.8, 4.0, -5.3),
        (-12.2, 5.4, 4.0, -5.8), (-13.5, 7.5, 4.4, -6.2),
        (-14.7, 11.5, 4.8, -6.5), (-16.2, 14.5, 5.2, -6.6),
        (-27, 17.5, 6.5, -7.0))
# Angles of the rings of an eyeball in degrees; iris and pupil end between two
# close ones.
EYE_RINGS = (0, 6, 11.5, 12.5, 20, 26.8, 28.2, 45, 62, 85)
# Corners of the jaw from the ear to the chin: share of the half width, height.
JAW = ((1, 3.4), (1, 1.4), (1, -.5), (.99, -2.4), (.96, -4.2), (.9, -5.8),
       (.75, -7.1), (.45, -7.9))
# Centimeters that a vertex may move without being seen to.
UNSEEN = 0.01
# Nose along the middle, and its base from the middle outwards.
NOSE_BRIDGE = np.array([(0, 3.7), (0, 2.6), (0, 1.5), (0, .3)])
NOSE_BASE = np.array([(0, -1.1), (.6, -1.0), (1.25, -.75)])


def _grid(rows: np.ndarray, closed: bool) -> np.ndarray:
    """Connect rows (R, C, 3) of vertices into triangles (T, 3)."""
    count, columns = rows.shape[:2]
    index = np.arange(count * columns).reshape(count, columns)
    if closed:
        index = np.concatenate([index, index[:, :1]], axis=1)
    a, b = index[:-1, :-1].ravel(), index[:-1, 1:].ravel()
    c, d = index[1:, :-1].ravel(), index[1:, 1:].ravel()
    return np.concatenate([np.stack([a, c, b], 1), np.stack([b, c, d], 1)])


def _eyeball(side: int) -> tuple[np.ndarray, np.ndarray]:
    ring = np.radians(EYE_RINGS)[:, None]
    turn = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    rows = np.stack([
        np.sin(ring) * np.cos(turn), np.sin(ring) * np.sin(turn),
        np.cos(ring) + 0 * turn
    ], axis=-1) * EYEBALL_RADIUS + EYEBALL * (side, 1, 1)
    return rows.reshape(-1, 3), _grid(rows, closed=True)


def _ear(side: int) -> tuple[np.ndarray, np.ndarray]:
    """A shell that leans away from the head."""
    rise = np.linspace(0, np.pi, 7)[:, None]
    turn = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    thin = .42 * np.sin(rise) * np.cos(turn)
    deep = 1.25 * np.sin(rise) * np.sin(turn)
    high = np.cos(rise) + 0 * turn
    rows = np.stack([
        side * (7.55 + .25 * high - .45 * deep + thin),
        2.0 + 2.9 * high - .25 * deep,
        .9 + deep - .35 * high
    ], axis=-1)
    triangles = _grid(rows, closed=True)
    return rows.reshape(-1, 3), triangles if side < 0 else triangles[:, ::-1]


def _neck() -> tuple[np.ndarray, np.ndarray]:
    y, width, front, back = np.array(NECK).T[..., None]
    turn = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    middle, depth = (front + back) / 2, (front - back) / 2
    rows = np.stack([
        width * np.sin(turn), y + 0 * turn, middle + depth * np.cos(turn)
    ], axis=-1)
    return rows.reshape(-1, 3), _grid(rows, closed=True)


def _plate(width: float, bottom: float, top: float, front: float,
           bend: float, columns: int = 9,
           lines: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """A curved plate that faces forwards, for teeth and the like."""
    x = np.linspace(-width, width, columns)
    y = np.linspace(top, bottom, lines)[:, None]
    rows = np.stack([x + 0 * y, y + 0 * x, front - bend * x**2 + 0 * y],
                    axis=-1)
    return rows.reshape(-1, 3), _grid(rows, closed=False)


def _socket() -> tuple[np.ndarray, np.ndarray]:
    """The inside of the mouth: a bowl that follows the cheeks."""
    share, y = np.meshgrid(np.linspace(-1, 1, 11), np.linspace(-1.9, -5.6, 6))
    x = share * np.interp(y, (-5.6, -3.5), (2.6, 4.2))
    points = surface(np.abs(x.ravel()), y.ravel())
    points[:, 0] = x.ravel()
    points[:, 2] -= .35 + 1.9 * np.exp(-(points[:, 0] / 2.0)**2)
    return points, _grid(points.reshape(6, 11, 3), closed=False)


def build_head() -> FaceModel:
    """Build the head.

    About 4,000 triangles: a skin with openings for eyes and mouth, eyeballs,
    ears, neck and shoulders, teeth and the inside of the mouth. Hair and
    brows are painted, and stand off the skull, by the renderer. Shapes are
    smooth movements of regions of the face; they look plausible rather than
    anatomical.

    Returns:
        FaceModel: The head.
    """
    sheet = build_sheet()
    parts = [('face', sheet.vertices, sheet.triangles, 0.0),
             ('head_neck', *_neck(), 0.0), ('head_neck', *_ear(-1), 0.0),
             ('head_neck', *_ear(1), 0.0),
             ('mouth_socket', *_socket(), 'down'),
             ('gums_tongue', *_plate(1.5, -4.9, -4.2, 10.0, .3, 5, 3), 1.0),
             ('teeth', *_plate(1.9, -3.85, -2.7, 10.45, .27), 0.0),
             ('teeth', *_plate(1.7, -4.3, -3.65, 10.1, .27), 1.0),
             ('iris_left', *_eyeball(1), 0.0),
             ('iris_right', *_eyeball(-1), 0.0)]
    vertices = np.concatenate([part[1] for part in parts])
    # The floor of the mouth sinks with the jaw, its roof does not.
    jaw = np.concatenate([
        np.linspace(0, .9, len(points)) if share == 'down' else np.full(
            len(points), share) for _, points, _, share in parts
    ])
    triangles, groups, first = [], {}, 0
    for name, points, corners, _ in parts:
        triangles.append(corners + first)
        start = groups.get(name, (first, ))[0]
        first += len(points)
        groups[name] = (start, first)
    skin = np.zeros(len(vertices))
    skin[:len(sheet.vertices)] = 1
    tail = np.zeros(len(vertices) - len(sheet.vertices))
    region = Region(vertices, np.concatenate([sheet.lip, tail]),
                    np.concatenate([sheet.lid, tail]), skin, jaw)
    expressions = expression_shapes(region)
    identities = identity_shapes(region)
    # The bowl stays under the cheeks, whatever their shape.
    socket = slice(*groups['mouth_socket'])
    distances = np.linalg.norm(
        vertices[socket, None] - sheet.vertices, axis=2)
    identities[:, socket] = identities[:, distances.argmin(axis=1)]
    return FaceModel(
        mean=vertices.astype(np.float32),
        identity=identities.astype(np.float32),
        expression=_without_tails(np.stack(list(expressions.values()))).astype(
            np.float32),
        expression_names=tuple(expressions),
        triangles=np.concatenate(triangles).astype(np.int32),
        groups=groups,
        landmarks68=_landmarks(sheet))


def _without_tails(deltas: np.ndarray) -> np.ndarray:
    """Shorten movements by what is never seen, so that far parts rest."""
    length = np.linalg.norm(deltas, axis=-1, keepdims=True)
    return deltas * np.maximum(1 - UNSEEN / np.maximum(length, UNSEEN), 0)


def _landmarks(sheet: Sheet) -> np.ndarray:
    """Pick the vertices at the 68 points."""
    mirror = np.array([-1, 1, 1])
    jaw = np.array([
        bend(np.array([STRETCH * np.pi / 2 * share]), np.array([y]))[0]
        for share, y in JAW
    ])
    brow, bridge, base = (surface(*points.T) for points in (
        BROW, NOSE_BRIDGE, NOSE_BASE))
    eye, upper, lower, upper_seam, lower_seam = contours()
    outline = np.concatenate([upper[[6, 4, 2]] * mirror, upper[[0, 2, 4, 6]],
                              lower[[4, 2, 0]], lower[[2, 4]] * mirror])
    opening = np.concatenate([upper_seam[[6, 3]] * mirror,
                              upper_seam[[0, 3, 6]], lower_seam[[3, 0]],
                              lower_seam[[3]] * mirror])
    points = np.concatenate([
        jaw * mirror, surface(np.zeros(1), np.array([-8.0])), jaw[::-1],
        brow[::-1] * mirror, brow, bridge, base[:0:-1] * mirror, base,
        eye[[6, 4, 2, 0, 10, 8]] * mirror, eye[[0, 2, 4, 6, 8, 10]], outline,
        opening
    ])
    distances = np.linalg.norm(points[:, None] - sheet.vertices, axis=2)
    return distances.argmin(axis=1)
