"""A resumed run may have another memory format than the checkpoint."""

import copy
from types import SimpleNamespace

import pytest
import torch
from mmengine.optim import OptimWrapper, OptimWrapperDict

from ipdfer_mm.engine import ChannelsLastHook, ResumeCheckpointHook


def make_run(channels_last=False, saved=None, fused=True):
    """A convolution and its optimizer, new or resumed."""
    torch.manual_seed(0)
    network = torch.nn.Conv2d(4, 6, 3)
    adam = torch.optim.Adam(network.parameters(), lr=1e-2, fused=fused)
    if saved is not None:
        network.load_state_dict(saved[0])
        adam.load_state_dict(copy.deepcopy(saved[1]))
    runner = SimpleNamespace(
        model=network,
        optim_wrapper=OptimWrapperDict(only=OptimWrapper(adam)))
    ResumeCheckpointHook().before_train(runner)
    if channels_last:
        ChannelsLastHook().before_train(runner)
    return network, adam


def train(network, adam):
    generator = torch.Generator().manual_seed(0)
    for _ in range(3):
        inputs = torch.randn(2, 4, 8, 8, generator=generator)
        adam.zero_grad()
        network(inputs).square().mean().backward()
        adam.step()
    return network.weight.detach().clone()


@pytest.mark.parametrize('before', [False, True])
@pytest.mark.parametrize('after', [False, True])
def test_format_may_change_at_a_resume(before, after):
    network, adam = make_run(before)
    train(network, adam)
    saved = copy.deepcopy((network.state_dict(), adam.state_dict()))
    expected = train(*make_run(before, saved))
    torch.testing.assert_close(
        train(*make_run(after, saved)), expected, rtol=1e-5, atol=1e-6)
    # And as an optimizer that looks at the format has it.
    saved[1]['param_groups'][0]['fused'] = False
    torch.testing.assert_close(
        train(*make_run(after, saved, fused=False)), expected,
        rtol=1e-5, atol=1e-6)
