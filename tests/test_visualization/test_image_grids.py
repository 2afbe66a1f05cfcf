import numpy as np
import torch

from ipdfer_mm.visualization import image_grid, synthesis_grid, to_uint8
from ipdfer_mm.visualization.image_grids import GAP, HEADING_HEIGHT


def test_to_uint8():
    values = torch.tensor([-1.0, 0.0, 1.0, -3.0, 2.0])
    images = values.view(5, 1, 1, 1).expand(5, 3, 2, 2)
    pixels = to_uint8(images)
    assert pixels.shape == (5, 2, 2, 3)
    assert pixels[:, 0, 0, 0].tolist() == [0, 128, 255, 0, 255]


def test_images_lie_where_they_should():
    red = torch.tensor([1.0, -1.0, -1.0]).view(1, 3, 1, 1)
    blue = red.flip(1)
    images = torch.cat([red, blue]).expand(2, 3, 20, 30)
    grid = image_grid(dict(a=images, b=-images))
    assert grid.shape == (HEADING_HEIGHT + 2 * (20 + GAP), 2 * 30 + GAP, 3)
    assert grid.dtype == np.uint8
    first = grid[HEADING_HEIGHT:HEADING_HEIGHT + 20, :30]
    assert (first == [255, 0, 0]).all()
    second = grid[HEADING_HEIGHT + 20 + GAP:-GAP, :30]
    assert (second == [0, 0, 255]).all()
    assert (grid[HEADING_HEIGHT:HEADING_HEIGHT + 20, 30 + GAP:] == [
        0, 255, 255]).all()
    # Headings are written.
    assert (grid[:HEADING_HEIGHT] < 255).any()


def test_title_is_a_line_above():
    images = torch.ones(1, 3, 20, 60)
    plain = image_grid(dict(a=images, b=images))
    titled = image_grid(dict(a=images, b=images), 'title')
    assert (titled[HEADING_HEIGHT:] == plain).all()
    assert (titled[:HEADING_HEIGHT] < 255).any()


def test_chosen_rows_enlarged():
    values = torch.tensor([-1.0, 0.0, 1.0]).view(3, 1, 1, 1)
    images = values.expand(3, 3, 10, 10)
    faces = {name: images for name in (
        'input', 'identity', 'neutral', 'reconstruction')}
    grid = synthesis_grid(faces, -images, [2, 0], enlarge=2)
    assert grid.shape == (HEADING_HEIGHT + 2 * (20 + GAP), 5 * 20 + 4 * GAP, 3)
    assert (grid[HEADING_HEIGHT:HEADING_HEIGHT + 20, :20] == 255).all()
    second = grid[HEADING_HEIGHT + 20 + GAP:-GAP]
    assert (second[:, :20] == 0).all()
    assert (second[:, -20:] == 255).all()  # the paired neutral
    assert synthesis_grid(faces, None, [0]).shape[1] == 4 * 10 + 3 * GAP
