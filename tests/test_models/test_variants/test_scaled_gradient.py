"""Less of the decoder's gradient for the expression encoder."""

import pytest
import torch
from helpers.algorithm1 import TOLERANCE, difference
from helpers.small_model import build_model, make_batch

TYPE = 'ipdfer_mm.ScaledGradientIPDFER'


@pytest.mark.parametrize('factor', [0, .1])
def test_is_algorithm_1_with_a_scaled_gradient(factor):
    cfg = dict(type=TYPE, decoder_gradient=factor)
    assert difference(cfg, decoder_gradient=factor) < TOLERANCE
    assert difference(cfg) > 1e3 * TOLERANCE


def test_one_is_the_paper():
    assert difference(dict(type=TYPE, decoder_gradient=1)) < TOLERANCE


def test_without_gradient_the_decoder_teaches_e_pose_alone():
    model = build_model(type=TYPE, decoder_gradient=0)
    images, targets = model.preprocess(make_batch(0))
    with torch.no_grad():
        f_id = model.identity_encoder(images)
    losses = model.generator_losses(images, f_id, targets)
    (losses['loss_recon'] + losses['loss_id']).backward()
    assert all(parameter.grad is None or not parameter.grad.any()
               for parameter in model.expression_encoder.parameters())
    assert any(parameter.grad.any()
               for parameter in model.pose_encoder.parameters())


@pytest.mark.parametrize('factor', [-.1, 1.1])
def test_factors_beyond_the_range_are_refused(factor):
    with pytest.raises(ValueError, match='must be in \\[0, 1\\]'):
        build_model(type=TYPE, decoder_gradient=factor)
