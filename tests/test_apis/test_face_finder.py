import numpy as np
import pytest
import torch

from ipdfer_mm.apis.face_finder import FaceFinder, whole_image
from ipdfer_mm.datasets.transforms import AlignFace
from ipdfer_mm.preparation.recipe import Recipe


@pytest.mark.parametrize('shape', [(181, 143, 3), (64, 64, 3), (90, 300, 3)])
def test_aligned_faces_are_cut_as_in_training(shape):
    """Of an image that is no square the middle, and a circle stays one."""
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    finder = FaceFinder(Recipe(size=112), torch.device('cpu'))
    crop = finder.crop(image, whole_image(image))
    expected = AlignFace(112).transform(dict(img=image))['img']
    np.testing.assert_array_equal(crop, expected)
