"""Random numbers of an epoch depend on seed, epoch, rank and worker alone."""

import random
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.dataset import DefaultSampler, worker_init_fn
from torch.utils.data import BatchSampler, DataLoader, Dataset, get_worker_info

from ipdfer_mm.engine import EpochSeedHook
from ipdfer_mm.engine.hooks import epoch_seed_hook

SIZE = 8


class Draws(Dataset):
    """Each sample is its worker and a draw from each generator."""

    def __len__(self):
        return SIZE

    def __getitem__(self, index):
        info = get_worker_info()
        worker = info.id if info else 0
        return (worker, random.random(), np.random.rand(),
                torch.rand(()).item())


def make_loader(workers: int, **kwargs) -> DataLoader:
    """A loader as MMEngine builds it, which seeds workers on its own."""
    init = partial(worker_init_fn, num_workers=workers, rank=0, seed=5)
    return DataLoader(Draws(), batch_size=2, num_workers=workers,
                      collate_fn=list, worker_init_fn=init, **kwargs)


def epochs(workers: int, seed: int = 0, first: int = 0) -> list[list]:
    """Samples of two epochs, the global generators in any state before."""
    random.seed(None)
    np.random.seed(None)
    torch.seed()
    loader = make_loader(workers)
    runner = SimpleNamespace(train_dataloader=loader, seed=seed)
    hook = EpochSeedHook()
    hook.before_train(runner)
    drawn = []
    for runner.epoch in range(first, first + 2):
        hook.before_train_epoch(runner)
        drawn.append([sample for batch in loader for sample in batch])
    return drawn


def columns(samples: list) -> list[set]:
    """The draws of each of the three generators."""
    return [set(column) for column in list(zip(*samples))[1:]]


@pytest.mark.parametrize('workers', [0, 2])
def test_draws(workers):
    first, second = epochs(workers)
    assert [first, second] == epochs(workers)
    # A resumed run begins with the second epoch.
    assert epochs(workers, first=1)[0] == second
    for other in (second, epochs(workers, seed=1)[0]):
        for ours, theirs in zip(columns(first), columns(other)):
            assert len(ours) == SIZE  # workers differ, too
            assert not ours & theirs
    assert {sample[0] for sample in first} == set(range(max(workers, 1)))


@pytest.mark.parametrize('workers', [0, 2])
def test_ranks_differ(workers, monkeypatch):
    first = epochs(workers)[0]
    monkeypatch.setattr(epoch_seed_hook, 'get_rank', lambda: 1)
    for ours, theirs in zip(columns(first), columns(epochs(workers)[0])):
        assert not ours & theirs


def test_persistent_workers_are_refused():
    loader = make_loader(1, persistent_workers=True)
    with pytest.raises(
            ValueError, match='train_dataloader.persistent_workers=False'):
        EpochSeedHook().before_train(
            SimpleNamespace(train_dataloader=loader, seed=0))


def mark_worker(worker_id: int) -> None:
    Draws.mark = worker_id


def test_own_worker_init_fn_is_still_called():

    class Marks(Draws):

        def __getitem__(self, index):
            return Draws.mark

    loader = DataLoader(
        Marks(), num_workers=2, collate_fn=list, worker_init_fn=mark_worker)
    runner = SimpleNamespace(train_dataloader=loader, seed=0, epoch=0)
    hook = EpochSeedHook()
    hook.before_train(runner)
    for _ in range(2):
        hook.before_train_epoch(runner)
        assert [batch[0] for batch in loader] == [0, 1] * (SIZE // 2)


@pytest.mark.parametrize('wrap', [
    lambda sampler: dict(sampler=sampler),
    lambda sampler: dict(batch_sampler=BatchSampler(sampler, 2, False)),
])
def test_sampler_gets_the_seed_of_the_checkpoint(wrap):
    sampler = DefaultSampler(Draws(), shuffle=True, seed=1)
    loader = DataLoader(Draws(), **wrap(sampler))
    EpochSeedHook().before_train(
        SimpleNamespace(train_dataloader=loader, seed=42))
    assert list(sampler) == list(DefaultSampler(
        Draws(), shuffle=True, seed=42))


def test_ranks_share_the_order_of_samples(ranks):
    """Their seeds are 40, 41 and 42, as with ``diff_rank_seed``."""
    parts = [set(rank['order']) for rank in ranks]
    assert set.union(*parts) == set(range(9))
    assert sum(map(len, parts)) == 9
