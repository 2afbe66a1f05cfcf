"""Images of what is disentangled, during training."""

import numpy as np
import torch
from mmengine.dataset import default_collate
from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ipdfer_mm.models.utils import frozen
from ipdfer_mm.registry import HOOKS
from ipdfer_mm.utils.modules import unwrap
from ipdfer_mm.visualization import image_grid


@HOOKS.register_module()
class SynthesisGridHook(Hook):
    """Draw input, identity only, neutral and reconstruction after each epoch.

    The images of the paper's Fig. 9, one row for each of some samples of
    the validation set (of the training set without one), always the same. It
    goes to every backend of the runner's visualizer: with MMEngine's
    ``LocalVisBackend`` to ``vis_data/vis_image/synthesis_<epoch>.png`` in the
    run's folder, with ``TensorboardVisBackend`` to TensorBoard.

    Args:
        num_samples (int): Number of rows. Defaults to 8.
        interval (int): Epochs between two grids. Defaults to 1.
    """

    priority = 'LOW'  # after hooks that change the weights

    def __init__(self, num_samples: int = 8, interval: int = 1) -> None:
        self.num_samples = num_samples
        self.interval = interval

    def before_train(self, runner: Runner) -> None:
        """Check that there is something to draw.

        Args:
            runner (Runner): The runner.

        Raises:
            ValueError: If the model synthesizes no images.
        """
        model = unwrap(runner.model)
        if not hasattr(model, 'synthesize'):
            raise ValueError(
                'SynthesisGridHook draws what IPDFERModel synthesizes, but '
                f'the model is {type(model).__name__}. Leave the hook out of '
                'default_hooks.')

    @master_only
    def after_train_epoch(self, runner: Runner) -> None:
        """Draw the grid.

        Args:
            runner (Runner): The runner.
        """
        if not self.every_n_epochs(runner, self.interval):
            return
        loop = runner.val_loop or runner.train_loop
        dataset = loop.dataloader.dataset
        indices = np.linspace(0, len(dataset) - 1, self.num_samples)
        batch = default_collate([dataset[int(index)] for index in indices])
        model = unwrap(runner.model)
        with frozen(model), torch.no_grad():
            inputs = model.data_preprocessor(batch, False)['inputs']
            images = model.synthesize(inputs)
        grid = image_grid(dict(input=inputs, **images))
        runner.visualizer.add_image('synthesis', grid, step=runner.epoch + 1)
