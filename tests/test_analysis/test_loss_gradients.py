import pytest
import torch
from helpers.small_model import build_model, build_optim, make_batch

from ipdfer_mm.analysis.loss_gradients import feature_norms, gradient_norms


@pytest.fixture(scope='module')
def measured():
    model = build_model()
    return model, gradient_norms(model, make_batch(0))


def test_which_loss_reaches_what(measured):
    _, norms = measured
    assert set(norms) == {'encoders', 'generator'}
    reached = {(step, loss): {part for part, norm in parts.items() if norm > 0}
               for step, losses in norms.items()
               for loss, parts in losses.items()}
    every = {'pose_encoder', 'expression_encoder', 'decoder'}
    assert reached == {
        ('encoders', 'loss_exp'): {'expression_encoder'},
        ('encoders', 'loss_pose'): {'pose_encoder'},
        ('encoders', 'loss_cos'): {'expression_encoder'},
        ('generator', 'loss_recon'): every,
        ('generator', 'loss_id'): every,
        # The neutral face is decoded without the expression.
        ('generator', 'loss_adv_neutral'): every - {'expression_encoder'},
        ('generator', 'loss_adv_exp'): every,
        ('generator', 'loss_exp'): {'expression_encoder'},
        ('generator', 'loss_pose'): {'pose_encoder'},
        ('generator', 'loss_cos'): {'expression_encoder'},
        ('generator', 'loss_confusion'): {'expression_encoder'},
    }


def test_norms_are_weighted_and_by_hand(measured):
    """The classification loss alone, by an ordinary backward."""
    _, norms = measured
    loss = dict(type='ipdfer_mm.ReconstructionLoss', loss_weight=30.)
    tripled = gradient_norms(build_model(loss_recon=loss), make_batch(0))
    for part, norm in norms['generator']['loss_recon'].items():
        assert tripled['generator']['loss_recon'][part] == pytest.approx(
            3 * norm, rel=1e-4)
    model = build_model()
    images, targets = model.preprocess(make_batch(0))
    logits = model.expression_head((model.expression_encoder(images), ))
    torch.nn.functional.cross_entropy(logits, targets.labels).backward()
    expected = torch.cat([p.grad.flatten() for p in
                          model.expression_encoder.parameters()]).norm()
    assert norms['encoders']['loss_exp']['expression_encoder'] == (
        pytest.approx(expected.item(), rel=1e-4))


def test_nothing_is_updated(measured):
    model, _ = measured
    before = {key: value.clone() for key, value in model.named_parameters()}
    gradient_norms(model, make_batch(2))
    for key, value in model.named_parameters():
        assert torch.equal(value, before[key]) and value.grad is None
    model.train_step(make_batch(3), build_optim(model))  # still trains


def test_id_fer_has_no_pose_encoder():
    model = build_model(pose_encoder=None, pose_head=None, loss_pose=None,
                        loss_confusion=None)
    norms = gradient_norms(model, make_batch(0, with_pose=False))
    assert set(norms['generator']['loss_recon']) == {
        'expression_encoder', 'decoder'}
    assert set(feature_norms(model, make_batch(0, with_pose=False))) == {
        'identity', 'expression'}


def test_feature_norms(measured):
    model, _ = measured
    batch = make_batch(4)
    model.eval()
    inputs = model.data_preprocessor(batch, False)['inputs']
    with torch.no_grad():
        expected = model.identity_encoder(inputs).norm(dim=1).mean().item()
    assert feature_norms(model, batch)['identity'] == pytest.approx(expected)
    model.train()
