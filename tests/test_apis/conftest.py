"""Rendered images with known faces, and the shipped model."""

from typing import NamedTuple

import numpy as np
import pytest

from ipdfer_mm.apis import ExpressionInferencer
from ipdfer_mm.rendering import FaceRenderer, RenderedFace, parametric_head
from ipdfer_mm.rendering.clip import describe_clip

SIZE = 200


class Portrait(NamedTuple):
    """Head and shoulders; images are BGR."""

    image: np.ndarray
    face: RenderedFace
    yaw: float


@pytest.fixture(scope='session')
def portraits():
    """Three subjects whose heads are turned to the right and to the left."""
    head = parametric_head()
    renderer = FaceRenderer(head)
    found = []
    for seed, yaw in ((0, -25), (1, 0), (2, 25)):
        spec, _ = describe_clip(len(head.identity), ['neutral'], 2, seed,
                                max_yaw=-yaw, size=SIZE)
        face = renderer.render(spec)
        found.append(Portrait(face.image[..., ::-1].copy(), face, yaw))
    return found


@pytest.fixture(scope='session')
def inferencer():
    return ExpressionInferencer('ipdfer_rendered', device='cpu')
