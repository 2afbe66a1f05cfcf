"""The bare skull of the built-in head, and the relief of the face on it.

``u`` runs along the skin from the middle of the face to the middle of the
nape, ``y`` upwards. All lengths are centimeters.
"""

import numpy as np
from scipy.interpolate import PchipInterpolator

# Slices of the skull: height, half width, z of front, middle and back.
SKULL = np.array([
    (-8.5, 0.5, 7.9, 7.2, 6.6), (-8.3, 1.8, 9.1, 7.0, 5.2),
    (-7.6, 3.1, 9.95, 6.6, 3.2), (-6.5, 4.3, 10.2, 5.6, 0.5),
    (-5.0, 5.4, 10.2, 4.6, -2.5), (-3.3, 6.2, 10.4, 3.6, -4.8),
    (-1.5, 6.75, 10.3, 2.9, -6.4), (1.0, 7.2, 10.1, 2.5, -8.0),
    (3.5, 7.5, 10.0, 2.3, -8.9), (5.5, 7.6, 10.35, 2.0, -9.2),
    (7.5, 7.5, 10.0, 1.6, -9.1), (9.5, 6.9, 8.9, 1.2, -8.3),
    (11.5, 5.4, 6.7, 0.8, -6.4), (12.7, 3.4, 4.3, 0.6, -3.8),
    (13.3, 0.8, 1.5, 0.5, -0.6)
])
# u per radian around the head.
STRETCH = 7.0
NAPE = STRETCH * np.pi
BOTTOM, CROWN = SKULL[0, 0], SKULL[-1, 0]

EYEBALL_RADIUS = 1.4
EYEBALL = np.array([3.15, 3.4, 7.85])


# Heights, (N, ), to half width, front, middle and back, (N, 4).
slices = PchipInterpolator(SKULL[:, 0], SKULL[:, 1:])


def bend(u: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Bend the plane round the bare skull.

    Args:
        u (np.ndarray): Positions along the skin, (N,).
        y (np.ndarray): Heights, (N,).

    Returns:
        np.ndarray: Positions x, y, z, (N, 3).
    """
    width, front, middle, back = slices(np.clip(y, BOTTOM, CROWN)).T
    angle = np.asarray(u) / STRETCH
    cosine = np.cos(angle)
    # A power below 1 flattens the face and the nape.
    depth = np.where(cosine > 0, front - middle, middle - back)
    z = middle + depth * np.sign(cosine) * np.abs(cosine)**.85
    return np.stack([width * np.sin(angle), np.asarray(y, float), z], axis=1)


def unbend(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Find the positions along the skin that a frontal view shows at x.

    Args:
        x (np.ndarray): Distances from the middle, (N,).
        y (np.ndarray): Heights, (N,).

    Returns:
        np.ndarray: Positions u, (N,).
    """
    width = slices(y)[:, 0]
    return STRETCH * np.arcsin(np.clip(np.asarray(x) / width, 0, 1))


def relief(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """How far nose, brows, sockets, cheeks, lips and chin stand out.

    Args:
        x (np.ndarray): Distances from the middle, (N,).
        y (np.ndarray): Heights, (N,).

    Returns:
        np.ndarray: Distances along z, (N,).
    """
    x = np.abs(x)

    def bump(cx: float, cy: float, sx: float, sy: float) -> np.ndarray:
        return np.exp(-((x - cx) / sx)**2 - ((y - cy) / sy)**2)

    ridge = np.interp(
        y, (-2.4, -1.5, -1.1, -.75, -.3, .1, .5, 1, 2, 3, 4, 5, 6),
        (0, .15, .5, 1.4, 2.2, 2.5, 2.45, 2.1, 1.55, 1.05, .7, .35, 0))
    wide = np.interp(y, (-1, 0, 1, 2, 3, 5), (1.0, 1.05, .9, .75, .75, 1.1))
    nose = ridge * np.exp(-(x / wide)**2.4)
    wings = .95 * bump(1.1, -.25, .5, .55)
    socket = -.55 * bump(2.9, 3.4, 1.5, .95)
    return (np.maximum(nose, wings) + socket + .35 * bump(2.8, 5.2, 2.4, .7) +
            .35 * bump(4.2, .4, 1.7, 1.5) + .75 * bump(0, -3.3, 2.4, 1.5) -
            .4 * bump(0, -5.1, 1.5, .45) + .5 * bump(0, -6.6, 1.5, .9) -
            .12 * bump(0, -1.9, .35, .5))


def surface(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Find the points of the skin that a frontal view shows.

    Args:
        x (np.ndarray): Distances from the middle, (N,).
        y (np.ndarray): Heights, (N,).

    Returns:
        np.ndarray: Points on the left side of the subject, (N, 3).
    """
    solid = bend(unbend(x, y), y)
    solid[:, 2] += relief(x, y)
    return solid


def eye_depth(x: np.ndarray, y: np.ndarray, out: float) -> np.ndarray:
    """Depth of the surface of the eyeball, continued around it.

    Args:
        x (np.ndarray): Distances from the middle of the face, (N,).
        y (np.ndarray): Heights, (N,).
        out (float): Distance from the eyeball.

    Returns:
        np.ndarray: z of each point, (N,).
    """
    square = (EYEBALL_RADIUS + out)**2
    beside = ((np.abs(x) - EYEBALL[0]) * .8)**2 + (y - EYEBALL[1])**2
    return EYEBALL[2] + np.sqrt(np.maximum(square - beside, .3))
