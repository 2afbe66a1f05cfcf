"""Hooks in three processes."""

import pytest
import torch
import torch.multiprocessing as mp
from helpers.dist_checks import hook_results
from helpers.tiny_run import free_port

NUM_RANKS = 3


@pytest.fixture(scope='session')
def ranks(tmp_path_factory) -> list:
    """What :func:`hook_results` saw in each process."""
    folder = tmp_path_factory.mktemp('ranks')
    mp.spawn(
        hook_results, (NUM_RANKS, free_port(), str(folder)), nprocs=NUM_RANKS)
    return [
        torch.load(folder / f'{rank}.pth', weights_only=True)
        for rank in range(NUM_RANKS)]
