"""Subjects: a shape, colors and a face at rest."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from .expressions import sample_resting_face

# From light to dark; red, green and blue in 0..1 under full light.
SKIN_TONES = np.array([(1.0, .84, .74), (.95, .76, .63), (.87, .66, .51),
                       (.76, .54, .39), (.60, .40, .28), (.43, .29, .21)])
HAIR_TONES = np.array([(.07, .06, .06), (.13, .09, .07), (.27, .17, .11),
                       (.42, .28, .16), (.75, .58, .34), (.55, .25, .12),
                       (.55, .54, .53), (.80, .79, .77)])
IRIS_TONES = np.array([(.20, .12, .07), (.35, .22, .12), (.42, .38, .20),
                       (.33, .45, .36), (.35, .47, .58), (.45, .50, .55)])
# Weights beyond this, rare as they are, make caricatures.
MAX_IDENTITY_WEIGHT = 2.0


@dataclass(frozen=True, eq=False)
class Subject:
    """What stays the same in all images of a subject.

    Colors are red, green and blue in 0..1.

    Args:
        identity (np.ndarray): Weights of the identity shapes, (I,).
        resting_face (Mapping[str, float]): Expression weights that are added
            to every image.
        skin (np.ndarray): Color, (3,).
        lips (np.ndarray): Color, (3,).
        hair (np.ndarray): Color, (3,).
        brows (np.ndarray): Color, (3,).
        iris (np.ndarray): Color, (3,).
        clothes (np.ndarray): Color, (3,).
        hairline (float): Centimeters by which the hair starts higher.
        hair_volume (float): Centimeters by which it stands off the skull.
        brow_thickness (float): Centimeters.
        stubble (float): 0 to 1.
        blush (float): 0 to 1.
        freckles (float): 0 to 1.
        texture_seed (int): Seed of the pattern of skin and hair.
    """

    identity: np.ndarray
    resting_face: Mapping[str, float] = field(default_factory=dict)
    skin: np.ndarray = field(default_factory=lambda: SKIN_TONES[1])
    lips: np.ndarray = field(default_factory=lambda: SKIN_TONES[1] *
                             (.85, .6, .62))
    hair: np.ndarray = field(default_factory=lambda: HAIR_TONES[2])
    brows: np.ndarray = field(default_factory=lambda: HAIR_TONES[2])
    iris: np.ndarray = field(default_factory=lambda: IRIS_TONES[1])
    clothes: np.ndarray = field(default_factory=lambda: np.full(3, .4))
    hairline: float = 0.0
    hair_volume: float = 0.5
    brow_thickness: float = 0.35
    stubble: float = 0.0
    blush: float = 0.3
    freckles: float = 0.0
    texture_seed: int = 0


def sample_subject(identity_shapes: int,
                   rng: np.random.Generator) -> Subject:
    """Draw a subject.

    Args:
        identity_shapes (int): Number I of the model's identity shapes.
        rng (np.random.Generator): Source of the variation.

    Returns:
        Subject: A subject with a resting face.
    """
    identity = np.clip(
        rng.standard_normal(identity_shapes), -MAX_IDENTITY_WEIGHT,
        MAX_IDENTITY_WEIGHT)
    tone = rng.uniform(0, len(SKIN_TONES) - 1)
    skin = _blend(SKIN_TONES, tone) * rng.uniform(.96, 1.04, 3)
    # Fair hair goes with fair skin.
    tones = len(HAIR_TONES) if tone < 2 else 3
    hair = HAIR_TONES[rng.integers(tones)] * rng.uniform(.8, 1.2)
    irises = len(IRIS_TONES) - 1 if tone < 2 else 1
    bearded = rng.random() < 0.4
    return Subject(
        identity=identity,
        resting_face=sample_resting_face(rng),
        skin=np.clip(skin, 0, 1),
        lips=skin * (rng.uniform(.82, 1), *rng.uniform(.55, .8, 2)),
        hair=np.clip(hair, 0, 1),
        brows=np.minimum(hair * rng.uniform(.6, 1), skin * .6),
        iris=_blend(IRIS_TONES, rng.uniform(0, irises)),
        clothes=rng.uniform(.05, .95, 3),
        hairline=rng.uniform(-1, 1.3),
        hair_volume=rng.uniform(.2, 1.2),
        brow_thickness=rng.uniform(.15, .4),
        stubble=rng.uniform(.1, .8) if bearded else 0.0,
        blush=rng.uniform(0, .6),
        freckles=rng.random()**3,
        texture_seed=int(rng.integers(2**31)))


def _blend(tones: np.ndarray, position: float) -> np.ndarray:
    steps = np.arange(len(tones))
    return np.array(
        [np.interp(position, steps, tones[:, i]) for i in range(3)])
