"""Components that are kept apart."""

import pytest
import torch
from helpers.algorithm1 import TOLERANCE, difference
from helpers.small_model import build_model, make_batch

TYPE = 'ipdfer_mm.IPDFERPlus'


@pytest.mark.parametrize('factor', [0, .1])
def test_is_algorithm_1_with_a_scaled_gradient(factor):
    cfg = dict(type=TYPE, decoder_gradient=factor, frontal_identity=0)
    assert difference(cfg, decoder_gradient=factor) < TOLERANCE
    assert difference(cfg) > 1e3 * TOLERANCE


def test_is_the_paper_without_departures():
    cfg = dict(type=TYPE, decoder_gradient=1, frontal_identity=0)
    assert difference(cfg) < TOLERANCE


def test_without_gradient_the_decoder_teaches_e_pose_alone():
    model = build_model(type=TYPE)
    images, targets = model.preprocess(make_batch(0))
    with torch.no_grad():
        f_id = model.identity_encoder(images)
    losses = model.generator_losses(images, f_id, targets)
    (losses['loss_recon'] + losses['loss_id']).backward()
    assert all(parameter.grad is None or not parameter.grad.any()
               for parameter in model.expression_encoder.parameters())
    assert any(parameter.grad.any()
               for parameter in model.pose_encoder.parameters())


@pytest.mark.parametrize('share', [0, .5, 1])
def test_frontal_faces_are_neutral_without_pose(share):
    model = build_model(type=TYPE, frontal_identity=share)
    model.decoder = torch.nn.Identity()
    torch.manual_seed(0)
    f_id, f_pose, f_exp = torch.randn(3, 500, 8)
    targets = model.preprocess(make_batch(0))[1]
    pose = torch.arange(500) % 6 - 1
    pose[pose < 0] = -100
    neutral, recon = model.decode_fakes(
        f_id, f_pose, f_exp, targets._replace(pose=pose)).chunk(2)
    torch.testing.assert_close(recon, f_id + f_pose + f_exp)
    without = (neutral == f_id).all(dim=1)
    assert not without[pose != 0].any()
    torch.testing.assert_close(
        neutral[~without], (f_id + f_pose)[~without])
    assert without[pose == 0].float().mean() == pytest.approx(share, abs=.15)


@pytest.mark.parametrize('option', ['decoder_gradient', 'frontal_identity'])
@pytest.mark.parametrize('value', [-.1, 1.1])
def test_values_beyond_the_range_are_refused(option, value):
    with pytest.raises(ValueError, match=f'`{option}` is .* in \\[0, 1\\]'):
        build_model(type=TYPE, **{option: value})


def test_needs_a_pose_encoder():
    with pytest.raises(ValueError, match='train an IPDFERModel'):
        build_model(type=TYPE, pose_encoder=None, pose_head=None)
