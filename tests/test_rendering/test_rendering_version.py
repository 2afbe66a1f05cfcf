"""Sets are kept by the version that rendered them: it must tell all changes.

If this fails because people, scenes or pictures were changed on purpose, raise
``RENDERING_VERSION``, and write down here what is rendered now.
"""

import numpy as np
import pytest
from helpers.rendered import sample_specs

from ipdfer_mm.rendering import (
    RENDERING_VERSION,
    FaceRenderer,
    parametric_head,
)

# Mean colours of 4x4 squares, RGB, and six landmarks: chin, tip of the
# nose, outer corners of the eyes, corners of the mouth.
RENDERED = {
    1: {
        ('aligned', 64): (
            [[[50, 40, 24], [87, 64, 43], [108, 81, 56], [49, 44, 48]],
             [[82, 66, 52], [129, 105, 84], [163, 134, 108], [101, 85, 82]],
             [[77, 64, 51], [128, 103, 84], [174, 141, 115], [78, 65, 77]],
             [[53, 51, 43], [125, 98, 81], [157, 124, 106], [48, 41, 68]]],
            [[31.2, 64.5], [34.7, 41.5], [15.2, 30.7], [47.9, 30.7],
             [21.6, 53.2], [42.7, 52.8]]),
        ('full', 96): (
            [[[23, 39, 20], [30, 37, 27], [37, 38, 36], [27, 31, 46]],
             [[24, 38, 24], [78, 64, 50], [146, 118, 93], [30, 31, 51]],
             [[24, 36, 29], [73, 64, 55], [133, 108, 94], [28, 28, 55]],
             [[34, 49, 33], [89, 98, 60], [116, 125, 81], [46, 55, 60]]],
            [[52.7, 69.6], [55.6, 51.4], [40.2, 42.7], [66.1, 42.9],
             [45.1, 60.5], [61.8, 60.4]]),
    }
}


@pytest.mark.parametrize('crop, size', RENDERED[1])
def test_what_this_version_renders(crop, size):
    colours, landmarks = RENDERED[RENDERING_VERSION][crop, size]
    renderer = FaceRenderer(parametric_head())
    (spec, ) = sample_specs(renderer.model, 1, np.random.default_rng(3),
                            size=size, crop=crop)
    face = renderer.render(spec)
    side = size // 4
    means = face.image.reshape(4, side, 4, side, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(means, colours, atol=1.5)
    np.testing.assert_allclose(
        face.landmarks68[[8, 30, 36, 45, 48, 54]], landmarks, atol=.1)
