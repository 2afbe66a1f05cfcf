"""A subject that changes the expression while turning the head, as a video."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from .expressions import add_weights, sample_expression
from .renderer import RenderSpec
from .scene import sample_light
from .subject import sample_subject

# Shares of the time: an expression is held, then turns into the next.
HELD = 0.6


def describe_clip(identity_shapes: int,
                  expressions: Sequence[str],
                  num_frames: int,
                  seed: int = 0,
                  max_yaw: float = 30.0,
                  size: int = 320) -> Iterator[RenderSpec]:
    """Describe the frames of a video of one subject.

    The head turns from ``max_yaw`` to the right of the image to as much to
    the left. Background, light and framing stay.

    Args:
        identity_shapes (int): Number of the face model's identity shapes.
        expressions (Sequence[str]): One after the other, each as long as the
            others; the change from one to the next takes 40 % of that time,
            half of it on each side.
        num_frames (int): Number of frames, at least 2.
        seed (int): Decides about subject, light and background.
        max_yaw (float): Degrees.
        size (int): Side of the frames in pixels.

    Yields:
        RenderSpec: A frame, head and shoulders.

    Raises:
        ValueError: If there are less than 2 frames, or an expression is
            unknown.
    """
    if num_frames < 2:
        raise ValueError(f'A video has at least 2 frames, not {num_frames}.')
    rng = np.random.default_rng(seed)
    first = RenderSpec(
        sample_subject(identity_shapes, rng),
        light=sample_light(rng), seed=seed, size=size, crop='full')
    weights = [sample_expression(name, rng) for name in expressions]
    for share in np.linspace(0, 1, num_frames):
        yield replace(
            first, yaw=float((2 * share - 1) * max_yaw),
            expression=_blend(weights, share * len(weights)))


def _blend(weights: Sequence[dict[str, float]],
           position: float) -> dict[str, float]:
    """Expression at a position; number i is held around i + 0.5."""
    place = np.clip(position - .5, 0, len(weights) - 1)
    index = min(int(place), len(weights) - 2) if len(weights) > 1 else 0
    amount = np.clip((place - index - HELD / 2) / (1 - HELD), 0, 1)
    second = weights[min(index + 1, len(weights) - 1)]
    return add_weights(_scale(weights[index], 1 - amount),
                       _scale(second, amount))


def _scale(weights: dict[str, float], amount: float) -> dict[str, float]:
    return {name: float(amount * value) for name, value in weights.items()}
