"""The images that training draws after each epoch."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn as nn
from helpers.small_model import SIZE, build_model, make_batch

from ipdfer_mm.engine import SynthesisGridHook
from ipdfer_mm.visualization.image_grids import GAP, HEADING_HEIGHT

NUM_IMAGES = 5


class Visualizer:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.images = {}

    def add_image(self, name, image, step) -> None:
        self.images[name, step] = image


@pytest.fixture
def runner():
    batch = make_batch(0, size=NUM_IMAGES)
    dataset = [dict(inputs=inputs, data_samples=sample) for inputs, sample
               in zip(batch['inputs'], batch['data_samples'])]
    loop = SimpleNamespace(dataloader=SimpleNamespace(dataset=dataset))
    return SimpleNamespace(model=build_model(), val_loop=loop, train_loop=None,
                           epoch=0, visualizer=Visualizer())


def cell(grid: np.ndarray, row: int, column: int) -> np.ndarray:
    top = HEADING_HEIGHT + row * (SIZE + GAP)
    left = column * (SIZE + GAP)
    return grid[top:top + SIZE, left:left + SIZE]


def test_grid(runner):
    hook = SynthesisGridHook(num_samples=3)
    hook.before_train(runner)
    hook.after_train_epoch(runner)
    grid = runner.visualizer.images['synthesis', 1]
    assert grid.dtype == np.uint8
    assert grid.shape == (HEADING_HEIGHT + 3 * (SIZE + GAP),
                          4 * (SIZE + GAP) - GAP, 3)
    dataset = runner.val_loop.dataloader.dataset
    model = runner.model.eval()
    for row, index in enumerate((0, 2, 4)):  # spread over the dataset
        pixels = dataset[index]['inputs'].flip(0)  # BGR to RGB
        np.testing.assert_array_equal(
            cell(grid, row, 0), pixels.permute(1, 2, 0).numpy())
        with torch.no_grad():
            images = model.synthesize(pixels[None] / 127.5 - 1)
        for column, name in enumerate(
            ('identity', 'neutral', 'reconstruction'), 1):
            expected = (images[name][0] + 1) * 127.5
            gap = expected.permute(1, 2, 0).numpy() - cell(grid, row, column)
            assert np.abs(gap).max() <= 0.51, name


def test_model_is_as_before(runner):
    model = runner.model
    model.discriminator.eval()

    def state():
        return ([module.training for module in model.modules()],
                [p.requires_grad for p in model.parameters()],
                {k: v.tolist() for k, v in model.state_dict().items()})

    before = state()
    SynthesisGridHook().after_train_epoch(runner)
    assert state() == before


def test_interval(runner):
    hook = SynthesisGridHook(interval=2)
    for runner.epoch in range(4):
        hook.after_train_epoch(runner)
    assert list(runner.visualizer.images) == [('synthesis', 2),
                                              ('synthesis', 4)]


def test_train_set_without_validation(runner):
    runner.train_loop, runner.val_loop = runner.val_loop, None
    SynthesisGridHook(num_samples=NUM_IMAGES + 3).after_train_epoch(runner)
    assert ('synthesis', 1) in runner.visualizer.images


def test_model_that_synthesizes_nothing():
    runner = SimpleNamespace(model=nn.Linear(1, 1))
    with pytest.raises(ValueError, match='SynthesisGridHook.*is Linear'):
        SynthesisGridHook().before_train(runner)
