"""Example images: rendered subjects, no photographs."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from ipdfer_mm.rendering import (
    FaceRenderer,
    RenderSpec,
    parametric_head,
    sample_expression,
    sample_light,
    sample_subject,
)
from ipdfer_mm.rendering.batch import write_rendered
from ipdfer_mm.utils.images import to_png

SIZE = 256


class Example(NamedTuple):
    """A subject in an example.

    Attributes:
        expression (str): Name.
        seed (int): Decides about subject, variant, light and background.
        yaw (float): Degrees, as for :class:`RenderSpec`.
        pitch (float): Degrees.
    """

    expression: str
    seed: int
    yaw: float = 0.0
    pitch: float = 0.0


# The subjects that are side by side in each image.
EXAMPLES: dict[str, tuple[Example, ...]] = {
    'happiness': (Example('happiness', 0, -25, -8), ),
    'surprise': (Example('surprise', 2, 25, 8), ),
    'anger': (Example('anger', 1), ),
    'disgust': (Example('disgust', 3, -25), ),
    'fear': (Example('fear', 5, 25), ),
    'three subjects': (Example('happiness', 4, pitch=-8),
                       Example('surprise', 1), Example('neutral', 2, 25, 8)),
}


def render_examples(folder: Path) -> list[Path]:
    """Render the example images.

    Args:
        folder (Path): Where to; it exists.

    Returns:
        list[Path]: PNG files that are named as :data:`EXAMPLES` are.

    Raises:
        OSError: If one cannot be written; names it.
    """
    renderer = FaceRenderer(parametric_head())
    paths = []
    for name, subjects in EXAMPLES.items():
        images = [renderer.render(_describe(renderer, subject)).image
                  for subject in subjects]
        row = np.concatenate(images, axis=1)
        paths.append(folder / f'{name.replace(" ", "_")}.png')
        write_rendered(paths[-1], to_png(row))
    return paths


def _describe(renderer: FaceRenderer, example: Example) -> RenderSpec:
    rng = np.random.default_rng(example.seed)
    return RenderSpec(
        sample_subject(len(renderer.model.identity), rng),
        sample_expression(example.expression, rng),
        yaw=example.yaw,
        pitch=example.pitch,
        light=sample_light(rng),
        seed=example.seed,
        size=SIZE,
        crop='full')
