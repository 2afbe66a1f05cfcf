"""Random numbers that a resumed run repeats."""

import random
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from mmengine.dist import broadcast_object_list, get_rank
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


def _init_worker(worker_id: int, key: tuple[int, ...],
                 first: Callable[[int], None] | None) -> None:
    if first is not None:
        first(worker_id)
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

    The order of the samples comes from the seed of the first process, also
    with ``randomness=dict(diff_rank_seed=True)``.

    Raises:
        ValueError: If the train loader's workers persist.
    """

    def before_train(self, runner: Runner) -> None:
        """Refuse persistent workers and seed the order of the samples.

        Args:
            runner (Runner): The runner.
        """
        loader = runner.train_dataloader
        if loader.persistent_workers:
            raise ValueError(
                'EpochSeedHook needs train_dataloader.persistent_workers='
                'False: persistent workers carry random state from epoch to '
                'epoch, which a checkpoint cannot hold.')
        self._worker_init_fn = loader.worker_init_fn
        # A resumed run has the seed of its checkpoint, and only now: the
        # sampler was built with that of the config, or a random one.
        sampler = getattr(loader.batch_sampler, 'sampler', loader.sampler)
        if hasattr(sampler, 'seed'):
            seeds = [runner.seed]
            broadcast_object_list(seeds)
            sampler.seed = seeds[0]

    def before_train_epoch(self, runner: Runner) -> None:
        """Seed this process and tell the workers theirs.

        Args:
            runner (Runner): The runner.
        """
        key = (runner.seed, runner.epoch, get_rank())
        seed_everything(*key, 0)
        runner.train_dataloader.worker_init_fn = partial(
            _init_worker, key=key, first=self._worker_init_fn)
