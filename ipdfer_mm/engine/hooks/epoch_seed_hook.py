"""Random numbers that a resumed run repeats."""

import random
from functools import partial

import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ipdfer_mm.registry import HOOKS


def seed_everything(*key: int) -> None:
    """Seed Python, numpy and torch from several numbers.

    Args:
        *key (int): Non-negative numbers, mixed by ``numpy.SeedSequence``.
    """
    seeds = np.random.SeedSequence(key).generate_state(3)
    random.seed(int(seeds[0]))
    np.random.seed(int(seeds[1]))
    torch.manual_seed(int(seeds[2]))


def _seed_worker(worker_id: int, key: tuple[int, ...]) -> None:
    seed_everything(*key, worker_id + 1)


@HOOKS.register_module()
class EpochSeedHook(Hook):
    """Derive all randomness of an epoch from (seed, epoch, rank, worker).

    MMEngine seeds once at the start, so a resumed run draws other random
    numbers than an undisturbed one; and it seeds the data loader's workers
    alike in every epoch, so they repeat their augmentations unless they are
    persistent. Here both start each epoch from a seed of its own. Loaders
    need ``persistent_workers=False`` for it, which costs one fork a worker
    and epoch.

    Raises:
        ValueError: If the train loader's workers persist.
    """

    def before_train(self, runner: Runner) -> None:
        """Refuse persistent workers, whose state cannot be resumed.

        Args:
            runner (Runner): The runner.
        """
        loader = runner.train_dataloader
        if loader.persistent_workers:
            raise ValueError(
                'EpochSeedHook needs train_dataloader.persistent_workers='
                'False: persistent workers carry random state from epoch to '
                'epoch, which a checkpoint cannot hold.')
        # A seed that came with a checkpoint, not with the config.
        if hasattr(loader.sampler, 'seed') and runner.seed is not None:
            loader.sampler.seed = runner.seed

    def before_train_epoch(self, runner: Runner) -> None:
        """Seed this process and tell the workers theirs.

        Args:
            runner (Runner): The runner.
        """
        key = (runner.seed, runner.epoch, get_rank())
        seed_everything(*key, 0)
        runner.train_dataloader.worker_init_fn = partial(
            _seed_worker, key=key)
