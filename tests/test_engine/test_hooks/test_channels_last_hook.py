"""Training in the channels-last format."""

from types import SimpleNamespace

import pytest
import torch
from helpers.small_model import SIZE, build_model
from mmengine.optim import OptimWrapper

from ipdfer_mm.engine import ChannelsLastHook
from ipdfer_mm.models import FaceEncoder


def test_model_and_activations_have_channels_last():
    model = build_model()
    optim = torch.optim.Adam(model.parameters())
    ChannelsLastHook().before_train(SimpleNamespace(
        model=model, optim_wrapper=OptimWrapper(optim)))
    # The optimizer still has the parameters that are trained.
    assert set(map(id, optim.param_groups[0]['params'])) == set(
        map(id, model.parameters()))
    for parameter in model.parameters():
        if parameter.dim() == 4:
            assert parameter.is_contiguous(memory_format=torch.channels_last)
    backbone = model.expression_encoder.backbone
    feat = backbone(torch.zeros(2, 3, 2 * SIZE, 2 * SIZE))[-1]
    assert feat.shape[-1] > 1
    assert feat.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize('neck', [
    dict(type='mmpretrain.GlobalAveragePooling'),
    dict(type='mmpretrain.LinearNeck', in_channels=512 * 4, out_channels=8,
         gap_dim=0, norm_cfg=None),
])
def test_necks_give_what_they_gave(neck):
    torch.manual_seed(0)
    encoder = FaceEncoder(dict(type='mmpretrain.ResNet', depth=18), neck)
    encoder = encoder.double().train()
    inputs = torch.randn(2, 3, SIZE * 2, SIZE * 2, dtype=torch.float64)
    expected = encoder(inputs)
    encoder.to(memory_format=torch.channels_last)
    torch.testing.assert_close(
        encoder(inputs), expected, rtol=1e-9, atol=1e-9)
    wrapper = OptimWrapper(torch.optim.Adam(encoder.parameters()))
    wrapper.update_params(encoder(inputs).square().sum())
