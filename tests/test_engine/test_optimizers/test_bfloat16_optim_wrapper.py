"""Mixed precision in bfloat16."""

import pytest
import torch
import torch.nn as nn
from helpers.small_model import build_model, build_optim, make_batch
from mmengine.optim import OptimWrapperDict

from ipdfer_mm.engine import Bfloat16OptimWrapper


def test_only_the_forward_pass_is_in_bfloat16():
    layer = nn.Linear(2, 2)
    wrapper = Bfloat16OptimWrapper(torch.optim.SGD(layer.parameters(), lr=1.))
    before = layer.weight.detach().clone()
    with wrapper.optim_context(layer):
        out = layer(torch.ones(1, 2))
    assert out.dtype == torch.bfloat16
    wrapper.update_params(out.float().sum())
    assert layer.weight.dtype == torch.float32
    # d sum / d w is the input, 1.
    torch.testing.assert_close(layer.weight, before - 1)
    assert layer(torch.ones(1, 2)).dtype == torch.float32


def test_losses_are_those_of_float32():
    """To the 8 bits of bfloat16, with headroom for 20 layers."""
    losses = []
    for kind in (None, Bfloat16OptimWrapper):
        model = build_model()
        optim = build_optim(model)
        if kind is not None:
            optim = OptimWrapperDict(
                **{name: kind(wrapper.optimizer)
                   for name, wrapper in optim.items()})
        losses.append(model.train_step(make_batch(0), optim))
    exact, rounded = losses
    assert exact.keys() == rounded.keys()
    for name in exact:
        assert rounded[name].item() == pytest.approx(
            exact[name].item(), rel=0.05, abs=1e-3), name
    assert any(rounded[name] != exact[name] for name in exact)
