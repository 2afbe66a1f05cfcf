"""Seven expressions, and the faces subjects have at rest, as shape weights."""

from collections.abc import Mapping

import numpy as np

from ipdfer_mm.utils.expressions import EXPRESSIONS

# Shapes that exist once for the middle of the face; all others have sides.
UNSIDED = frozenset({
    'jawOpen', 'mouthFunnel', 'mouthPucker', 'mouthRollLower',
    'mouthRollUpper', 'mouthShrugLower', 'mouthShrugUpper'
})

# Two or three ways to show each class: they share the brows, and subjects
# differ most in whether the mouth opens.
VARIANTS: Mapping[str, tuple[Mapping[str, float], ...]] = {
    'anger': (
        dict(browDown=1, eyeSquint=.35, mouthPress=1, mouthFrown=.35,
             mouthRollLower=.3, noseSneer=.1),
        dict(browDown=1, eyeWide=.25, noseSneer=.2, mouthUpperUp=.25,
             mouthLowerDown=.9, mouthStretch=.35, jawOpen=.12),
        dict(browDown=1, eyeWide=.4, mouthFunnel=.5, mouthLowerDown=.6,
             mouthUpperUp=.3, jawOpen=.4),
    ),
    'disgust': (
        dict(noseSneer=1, mouthUpperUp=.9, browDown=.3, cheekSquint=.7,
             eyeSquint=.7, mouthFrown=.3),
        dict(noseSneer=1, mouthUpperUp=.5, mouthShrugLower=.7, mouthFrown=.7,
             browDown=.3, cheekSquint=.5, eyeSquint=.6),
        dict(noseSneer=.9, mouthUpperUp=1, mouthLowerDown=.5, jawOpen=.25,
             browDown=.3, eyeSquint=.8, cheekSquint=.7, mouthFrown=.4),
    ),
    'fear': (
        dict(browInnerUp=1, browDown=.25, eyeWide=1, mouthStretch=1,
             mouthLowerDown=.9, jawOpen=.15),
        dict(browInnerUp=1, browDown=.2, eyeWide=1, mouthStretch=1,
             mouthLowerDown=.4, mouthFrown=.3, jawOpen=.05),
    ),
    'happiness': (
        dict(mouthSmile=1, mouthDimple=.3, cheekSquint=.6, eyeSquint=.3),
        dict(mouthSmile=1, mouthUpperUp=.5, mouthLowerDown=.35, jawOpen=.12,
             cheekSquint=.7, eyeSquint=.35),
        dict(mouthSmile=.9, mouthUpperUp=.4, mouthLowerDown=.2, jawOpen=.4,
             cheekSquint=.8, eyeSquint=.5, browOuterUp=.2),
    ),
    'neutral': (dict(), ),
    'sadness': (
        dict(browInnerUp=1, mouthFrown=1, mouthShrugLower=.5, eyeBlink=.15,
             mouthPress=.3),
        dict(browInnerUp=.9, browDown=.2, mouthFrown=.8, mouthPucker=.2,
             eyeBlink=.3, mouthRollLower=.2),
    ),
    'surprise': (
        dict(browInnerUp=1, browOuterUp=1, eyeWide=.9, jawOpen=.8,
             mouthFunnel=.3),
        dict(browInnerUp=1, browOuterUp=1, eyeWide=.8, jawOpen=.5,
             mouthPucker=.5),
    ),
}

# Traits of faces at rest; most of them belong to some expression too.
RESTING: tuple[Mapping[str, float], ...] = (
    dict(),
    dict(browDown=.45),
    dict(browDown=.3, mouthPress=.4),
    dict(mouthSmile=.4),
    dict(mouthSmile=.25, cheekSquint=.35, eyeSquint=.25),
    dict(mouthFrown=.5),
    dict(mouthFrown=.35, browInnerUp=.35),
    dict(browInnerUp=.45, browOuterUp=.35),
    dict(eyeWide=.4, browOuterUp=.3),
    dict(eyeSquint=.5),
    dict(eyeBlink=.25),
    dict(noseSneer=.3, mouthUpperUp=.2),
    dict(jawOpen=.08, mouthLowerDown=.25),
    dict(mouthPucker=.35),
)


def sample_expression(name: str,
                      rng: np.random.Generator) -> dict[str, float]:
    """Draw one way to show an expression.

    Picks a variant, an intensity in [0.5, 1], weakens or strengthens each
    shape by up to a quarter and each side of the face by up to 15 %.
    ``neutral`` is no movement at all, the resting face, so that a neutral
    image is its own paired neutral.

    Args:
        name (str): One of :data:`EXPRESSIONS`.
        rng (np.random.Generator): Source of the variation.

    Returns:
        dict[str, float]: Weights in (0, 1] by the name of the shape.

    Raises:
        ValueError: If the class is unknown.
    """
    if name not in VARIANTS:
        raise ValueError(f'There is no expression {name!r}; there are '
                         f'{", ".join(EXPRESSIONS)}.')
    variant = VARIANTS[name][rng.integers(len(VARIANTS[name]))]
    return _vary(variant, rng.uniform(0.5, 1.0), rng)


def sample_resting_face(rng: np.random.Generator) -> dict[str, float]:
    """Draw how a subject looks without any expression.

    One or two traits such as a slight frown, smile or raised brow. They are
    part of every image of the subject, the neutral ones too: without knowing
    the subject, a frown that never leaves looks like anger.

    Args:
        rng (np.random.Generator): Source of the variation.

    Returns:
        dict[str, float]: Weights in (0, 1] by the name of the shape.
    """
    first, second = rng.choice(len(RESTING), 2, replace=False)
    traits = _vary(RESTING[first], rng.uniform(0.6, 1.4), rng)
    return add_weights(traits,
                       _vary(RESTING[second], rng.uniform(0, 0.9), rng))


def add_weights(first: Mapping[str, float],
                second: Mapping[str, float]) -> dict[str, float]:
    """Show two sets of shapes at once.

    Args:
        first (Mapping[str, float]): Weights by the name of the shape.
        second (Mapping[str, float]): Weights by the name of the shape.

    Returns:
        dict[str, float]: Their sums, at most 1.
    """
    return {
        name: min(first.get(name, 0.0) + second.get(name, 0.0), 1.0)
        for name in {**first, **second}
    }


def _vary(weights: Mapping[str, float], intensity: float,
          rng: np.random.Generator) -> dict[str, float]:
    sides = dict(zip(('_L', '_R'), rng.uniform(0.85, 1.15, 2)))
    varied = {}
    for name, weight in weights.items():
        weight *= intensity * rng.uniform(0.75, 1.25)
        if name in UNSIDED:
            varied[name] = float(min(weight, 1))
        else:
            for side, factor in sides.items():
                varied[name + side] = float(min(weight * factor, 1))
    return varied
