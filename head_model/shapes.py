"""Identity and expression shapes of the built-in head."""

import numpy as np

from .layout import MOUTH_Y
from .region import Region
from .skull import EYEBALL, eye_depth

# Line through the jaw joints, y and z, and how far the jaw drops (radians).
HINGE = (1.5, 3.0)
JAW_ANGLE = 0.32
# The joints also slide, forwards and down.
JAW_SLIDE = (-.3, 1.3)


def identity_shapes(r: Region) -> np.ndarray:
    """Shapes by which subjects differ, to be weighted about N(0, 1).

    Args:
        r (Region): Measures over the vertices.

    Returns:
        np.ndarray: Deltas, (I, V, 3).
    """
    v, ones = r.vertices, np.ones(len(r.vertices))
    y, lids, eyes = v[:, 1], np.abs(r.lid), r.near(3.15, 3.4, 1.6, 1.1)
    eyeball = ((r.skin == 0) & (y > 1.5)).astype(float)
    eye = np.maximum(np.maximum(eyes, lids), eyeball)
    mouth = np.maximum(r.near(0, MOUTH_Y, 2.8, 1.6), (r.skin == 0) & (y < 0))
    lower = np.clip((2 - y) / 8, 0, 1.2) * (y > -9.5)
    upper = np.clip((y - 5) / 7, 0, 1)
    neck = 1 - np.clip((y + 12) / 3, 0, 1)
    nose = r.near(0, .3, 1.7, 1.5)
    height = np.stack([0 * ones, y * (1 - neck), 0 * ones], axis=1)
    width = np.stack([v[:, 0], 0 * ones, 0 * ones], axis=1)
    lip_height = (y - MOUTH_Y) * np.maximum(
        np.exp(-((y - MOUTH_Y) / 1.1)**2), 0) * r.near(0, MOUTH_Y, 2.6, 9)
    relative = np.stack([(r.across - EYEBALL[0]) * r.side, y - EYEBALL[1],
                         v[:, 2] - EYEBALL[2]], axis=1)
    tilt = np.stack([0 * ones, (r.across - EYEBALL[0]), 0 * ones], axis=1)
    brow = r.near(3.2, 5.3, 2.8, .9)
    shapes = [
        .045 * width, .03 * height,
        .06 * width * lower[:, None], .05 * height * lower[:, None],
        .05 * width * upper[:, None], r.move(upper * (y > 5), up=.5),
        r.move(r.near(0, -7.2, 2.4, 1.8), forward=.45),
        r.move(r.near(0, -7.6, 2.6, 1.6), up=-.45),
        r.move(r.near(1.8, -7, 1.4, 1.4), out=.35),
        r.move(r.near(5.2, -4.2, 2.2, 2), out=.4),
        r.move(r.near(4.8, .8, 1.8, 1.5), out=.2, forward=.3),
        r.move(r.near(3.6, -2, 1.7, 1.6), forward=-.35),
        r.move(eye, out=.16), r.move(eye, up=.18),
        .07 * relative * eye[:, None], .07 * tilt * lids[:, None] +
        .05 * tilt * eyes[:, None],
        .09 * relative * (r.lid != 0)[:, None] * (0, 1, 0),
        r.move(r.near(0, .2, 1.1, 1.1), forward=.32),
        r.move(r.near(0, 2.6, .8, 1.4), forward=.28),
        r.move(nose * np.clip(r.across, 0, 1.2), out=.2),
        r.move(r.near(0, 0, 1.7, 1.2), up=.28),
        r.move(r.near(0, .1, 1, .9), up=.22),
        r.move(mouth, up=.22),
        .08 * width * mouth[:, None],
        .2 * r.move(lip_height * (r.lip > 0), up=1.0),
        .2 * r.move(lip_height * (r.lip < 0), up=1.0),
        r.move(mouth, forward=.22),
        r.move(brow, up=.22), r.move(brow, forward=.2),
        r.move(r.near(5, 5.2, 1.5, .9) - r.near(1.5, 5.1, 1.2, .8), up=.2),
        r.move(r.near(0, 8, 5, 2.2), forward=.4),
        # Asymmetries: one side up, or aside.
        r.move(r.side * r.near(2.4, MOUTH_Y, 1.6, 1.2), up=.12),
        r.move(r.side * brow, up=.12),
        r.near(0, .2, 1.6, 1.6)[:, None] * (.14, 0, 0),
        r.near(0, -7, 3.5, 2.5)[:, None] * (.18, 0, 0),
    ]
    return np.stack(shapes)


def expression_shapes(r: Region) -> dict[str, np.ndarray]:
    """Movements of the face, weighted 0 to 1.

    Args:
        r (Region): Measures over the vertices.

    Returns:
        dict[str, np.ndarray]: Deltas (V, 3) by ARKit name, with ``_L`` and
        ``_R`` where the shape has sides.
    """
    y = r.vertices[:, 1]
    corner = r.near(2.45, MOUTH_Y, 1.25, 1.1)
    corner = np.maximum(corner, r.near(0, MOUTH_Y, 9, .9) *
                        np.clip(r.across / 2.45, 0, 1)**1.5 *
                        (r.across < 2.46))
    cheek = r.near(3.7, -.2, 1.5, 1.4)
    upper, lower = r.lips(1), r.lips(-1)
    middle = np.exp(-(np.maximum(r.across - .9, 0) / .9)**2)
    shut = y - MOUTH_Y
    mouth = r.near(0, MOUTH_Y, 2.2, 1.5)
    squeeze = np.stack([-r.vertices[:, 0], 0 * y, 0 * y], axis=1)
    ala, inner = r.near(1.1, -.2, .8, .8), r.near(1.5, 5.1, 1.2, .9)
    chin = r.near(0, -6.4, 1.6, 1.2)
    lid_up, lid_low = np.maximum(r.lid, 0), np.maximum(-r.lid, 0)
    under_eye = r.near(3.2, 1.9, 1.4, .8)
    sided: dict[str, np.ndarray] = {
        'browInnerUp': r.move(r.near(1.4, 5.2, 1.4, 1.1), up=1.0) +
        r.move(r.near(1.4, 7, 1.8, 1.2), up=.3),
        'browOuterUp': r.move(r.near(4.4, 5.4, 1.6, 1.1), up=.95),
        'browDown': r.move(inner + .6 * r.near(3.2, 5.4, 1.6, .9), out=-.3,
                           up=-.75, forward=.15) +
        r.move(lid_up, up=-.12),
        'eyeWide': _lid(r, .36 * lid_up - .1 * lid_low) +
        r.move(r.near(3.2, 4.5, 1.5, .5) * (r.lid == 0), up=.2),
        'eyeSquint': _lid(r, .36 * lid_low - .1 * lid_up) +
        r.move(under_eye, up=.2, forward=.1),
        'eyeBlink': _lid(r, _blink(r)),
        'cheekSquint': r.move(cheek + under_eye, up=.4, forward=.25) +
        _lid(r, .2 * lid_low),
        'noseSneer': r.move(ala, out=.12, up=.45, forward=.1) +
        r.move(r.near(1.2, 1.4, .9, 1.2), up=.25, forward=.1) +
        r.move(upper * middle, up=.3) + r.move(inner, out=-.1, up=-.3) +
        r.move(r.near(2.4, 0, 1, 1), up=.3, forward=.2),
        'mouthSmile': r.move(corner, out=.9, up=1.2, forward=-.45) +
        r.move(cheek, out=.1, up=.35, forward=.3),
        'mouthFrown': r.move(corner, out=.1, up=-.95, forward=-.1) +
        r.move(chin, up=.12, forward=.1),
        'mouthStretch': r.move(corner, out=.95, up=-.4, forward=-.5) +
        r.move(r.near(4, -4.5, 1.5, 1.6), out=.2, up=-.15),
        'mouthDimple': r.move(corner, out=.4, up=.05, forward=-.35),
        'mouthUpperUp': r.move(upper * middle, up=.75, forward=.1) +
        r.move(r.near(1.3, -1.4, 1, .8), up=.25),
        'mouthLowerDown': r.move(lower * middle, up=-.8, forward=.05),
        'mouthPress': r.move(-.5 * shut * (upper + lower), up=1.0) +
        r.move(upper + lower, forward=-.2) + r.move(corner, up=-.05),
    }
    single = {
        'jawOpen': _turn_jaw(r),
        'mouthPucker': .42 * squeeze * mouth[:, None] +
        r.move(mouth, forward=.7),
        'mouthFunnel': .25 * squeeze * mouth[:, None] +
        r.move(mouth, forward=.5) + r.move(upper, up=.35) +
        r.move(lower, up=-.4),
        'mouthRollLower': r.move(-.7 * shut * lower, up=1.0) +
        r.move(lower, forward=-.1),
        'mouthRollUpper': r.move(-.7 * shut * upper, up=1.0) +
        r.move(upper, forward=-.1),
        'mouthShrugLower': r.move(lower + chin, up=.4, forward=.2) +
        r.move(upper, up=.3),
        'mouthShrugUpper': r.move(upper, up=.3, forward=.15),
    }
    return {
        **_split(r, sided),
        **single,
    }


def _split(r: Region,
           shapes: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Give each side its share, fading over the middle of the face."""
    left = np.clip(.5 + r.vertices[:, :1] / 1.6, 0, 1)
    return {
        name + side: delta * share
        for name, delta in shapes.items()
        for side, share in (('_L', left), ('_R', 1 - left))
    }


def _turn_jaw(r: Region) -> np.ndarray:
    y, z = r.vertices[:, 1] - HINGE[0], r.vertices[:, 2] - HINGE[1]
    cosine, sine = np.cos(JAW_ANGLE), np.sin(JAW_ANGLE)
    delta = np.stack([
        0 * y, cosine * y - sine * z - y + JAW_SLIDE[0],
        sine * y + cosine * z - z + JAW_SLIDE[1]
    ], axis=1)
    return r.jaw()[:, None] * delta


def _blink(r: Region) -> np.ndarray:
    """Heights by which the lids move until they meet."""
    y = r.vertices[:, 1]
    line = EYEBALL[1] - .45 + .1 * (r.across - EYEBALL[0])
    return (line - y) * np.clip(np.abs(r.lid), 0, 1) * np.where(
        r.lid > 0, 1, .95)


def _lid(r: Region, up: np.ndarray) -> np.ndarray:
    """Move lids up or down over the eyeball."""
    x, y, _ = r.vertices.T
    delta = np.zeros_like(r.vertices)
    rim = r.lid != 0
    delta[rim, 1] = up[rim]
    delta[rim, 2] = (eye_depth(x[rim], y[rim] + up[rim], .1) -
                     eye_depth(x[rim], y[rim], .1))
    return delta
