"""What is averaged over processes, and what is left alone."""

import torch
import torch.nn as nn
from helpers.small_model import build_model

from ipdfer_mm.engine.hooks.sync_trained_buffers_hook import trained_buffers

FIXED = ('identity_encoder.', 'data_preprocessor.',
         'expression_encoder.backbone.layer4.')


def test_trained_statistics_are_averaged(ranks):
    names = [
        name for name, value in ranks[0]['after'].items()
        if not name.startswith(FIXED) and value.is_floating_point()]
    assert {name.partition('.')[0] for name in names} == {
        'expression_encoder', 'pose_encoder', 'discriminator'}
    for name in names:
        parts = torch.stack([rank['before'][name] for rank in ranks])
        assert not torch.equal(parts[0], parts[1])
        mean = parts.mean(dim=0)
        for rank in ranks:
            # The same bits everywhere.
            assert torch.equal(rank['after'][name], ranks[0]['after'][name])
            assert torch.allclose(rank['after'][name], mean)


def test_counters_stay_integers(ranks):
    for name, value in ranks[0]['after'].items():
        if name.endswith('num_batches_tracked'):
            assert value.dtype == torch.int64
            assert torch.equal(value, ranks[0]['before'][name])


def test_what_does_not_move_keeps_its_bits(ranks):
    names = [name for name in ranks[0]['after'] if name.startswith(FIXED)]
    assert 'data_preprocessor.mean' in names
    assert 'identity_encoder.backbone.bn1.running_var' in names
    rounding = 0
    for rank in ranks:
        for name in names:
            value = rank['before'][name]
            assert torch.equal(rank['after'][name], value), name
            rounding += (((value + value + value) / 3) != value).sum().item()
    # Averaging would have changed some of them.
    assert rounding > 0


def test_a_model_without_wrapper():
    model = build_model()
    chosen = {id(value) for value in trained_buffers(model)}
    names = {name for name, b in model.named_buffers() if id(b) in chosen}
    assert 'expression_encoder.backbone.bn1.running_mean' in names
    assert not [name for name in names if name.startswith(FIXED[:2])]


def test_batch_norm_without_parameters():
    """As at the end of some face networks."""
    net = nn.Sequential(nn.Sequential(
        nn.Conv1d(3, 3, 1), nn.BatchNorm1d(3, affine=False)))
    assert len(list(trained_buffers(net))) == 3
    net.requires_grad_(False)
    assert not list(trained_buffers(net))
