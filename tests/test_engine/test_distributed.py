"""Several processes train as one does."""

import math

import pytest
import torch
import torch.multiprocessing as mp
from helpers.dist_checks import build_conv_model
from helpers.dist_training import (
    BATCH_SIZE,
    NUM_SAMPLES,
    SEED,
    converted,
    epoch_of_ranks,
    train_epoch,
)
from helpers.small_model import build_model
from helpers.tiny_run import free_port, load

# Sums of the same numbers in another order, in double precision.
TOLERANCE = 1e-10


def global_batches(world_size: int) -> list:
    """Batches of all processes together, from what DefaultSampler says.

    The order is shuffled by the seed and filled up with its beginning, so
    that all processes have as many samples.
    """
    generator = torch.Generator().manual_seed(SEED)
    order = torch.randperm(NUM_SAMPLES, generator=generator).tolist()
    order += order[:-NUM_SAMPLES % world_size]
    return [order[start:start + BATCH_SIZE]
            for start in range(0, len(order), BATCH_SIZE)]


def run(worker, path, world_size: int, *args) -> dict:
    mp.spawn(worker, (world_size, free_port(), str(path), *args),
             nprocs=world_size)
    return load(path)


def assert_close(actual: dict, expected: dict) -> None:
    assert actual.keys() == expected.keys()
    for name, value in expected.items():
        gap = (actual[name] - value).abs().max().item()
        scale = max(value.abs().max().item(), 1e-3)
        assert gap < TOLERANCE * scale, f'{name}: {gap}'


@pytest.fixture(scope='module', params=[
    (2, 'IPDFERModel'), (4, 'IPDFERModel'), (2, 'SharedForwardIPDFER')],
    ids=['2', '4', '2-shared_forward'])
def ranks(request, tmp_path_factory) -> dict:
    """An epoch of two and of four processes, and of one."""
    world_size, kind = request.param
    path = tmp_path_factory.mktemp('ranks') / 'epoch.pth'
    result = run(epoch_of_ranks, path, world_size, None, kind)
    one = train_epoch(
        build_conv_model(type=f'ipdfer_mm.{kind}'),
        global_batches(world_size))
    return dict(result, world_size=world_size, one=one)


def test_parameters_and_optimizers_are_those_of_one_process(ranks):
    before = build_conv_model().state_dict()
    moved = [name for name, value in ranks['one']['state_dict'].items()
             if not torch.equal(value, before[name])]
    assert sorted(moved) == ranks['one']['optimized']
    assert_close(ranks['state_dict'], ranks['one']['state_dict'])
    assert_close(ranks['optimizers'], ranks['one']['optimizers'])


def test_uneven_last_batch(ranks):
    """All have as many samples; one of them comes twice, none is lost."""
    sizes = [len(batch) for batch in ranks['batches']]
    share = BATCH_SIZE // ranks['world_size']
    each = math.ceil(NUM_SAMPLES / ranks['world_size'])
    assert sizes == [share, share, each - 2 * share]
    together = sum(global_batches(ranks['world_size']), [])
    assert len(together) == NUM_SAMPLES + 1
    assert set(together) == set(range(NUM_SAMPLES))


def test_identity_encoder_takes_no_part(ranks):
    """Neither in an optimizer nor in what processes send each other."""
    trained = [name for name, p in build_conv_model().named_parameters()
               if p.requires_grad]
    assert ranks['optimized'] == sorted(trained)
    assert ranks['reduced'] == sorted(trained)
    assert not [name for name in trained if name.startswith('identity')]
    assert [name for name in ranks['state_dict']
            if name.startswith('identity_encoder.')]


def test_sync_batch_norm(tmp_path):
    """`sync_bn='torch'` of the config, as far as it goes without a GPU."""
    result = run(converted, tmp_path / 'converted.pth', 1)
    parts = {}
    for name, kind, training in result['kinds']:
        parts.setdefault(name.partition('.')[0], set()).add((kind, training))
    assert parts.pop('identity_encoder') == {('SyncBatchNorm', False)}
    assert set(parts) >= {'pose_encoder', 'expression_encoder',
                          'discriminator'}
    assert set.union(*parts.values()) == {('SyncBatchNorm', True)}
    assert result['same']  # f_id, bit for bit
    assert result['trained'] == [
        name for name, p in build_model().named_parameters()
        if p.requires_grad]
    if not torch.cuda.is_available():
        assert 'only work with GPU modules' in result['error']


@pytest.mark.skipif(not torch.cuda.is_available(),
                    reason='torch has synchronized batch norm for GPUs only')
def test_sync_batch_norm_trains_as_one_process(tmp_path):
    """Two processes may share one GPU."""
    result = run(epoch_of_ranks, tmp_path / 'epoch.pth', 2, 'torch')
    one = train_epoch(build_model().double().cuda(), global_batches(2),
                      'cuda')
    assert_close(result['state_dict'], one['state_dict'])
