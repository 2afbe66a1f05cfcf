"""What each step moves, what it leaves alone, and the model's interface."""

import copy
from unittest.mock import patch

import pytest
import torch
from helpers.small_model import CLASSES, build_model, build_optim, make_batch

from ipdfer_mm.models import training_checks
from ipdfer_mm.models.utils import frozen

CHILDREN = ('identity_encoder', 'pose_encoder', 'pose_head',
            'expression_encoder', 'expression_head', 'decoder',
            'discriminator')
STEPS = dict(
    encoders={
        'pose_encoder', 'pose_head', 'expression_encoder', 'expression_head'
    },
    discriminator={'discriminator'},
    generator={'pose_encoder', 'expression_encoder', 'decoder'})
LOSSES = {
    'loss_exp', 'loss_pose', 'loss_cos', 'loss_disc', 'loss_adv_neutral',
    'loss_adv_exp', 'loss_id', 'loss_recon', 'loss_confusion'
}
TOTALS = {'loss_encoders', 'loss_discriminator', 'loss_generator'}


def snapshot(model):
    return copy.deepcopy({
        name: getattr(model, name).state_dict()
        for name in CHILDREN
    })


def moved(before, after, kind):
    """Children of which a parameter or a batch-norm statistic moved."""
    is_statistic = ('running_mean', 'running_var', 'num_batches_tracked')
    return {
        name
        for name in CHILDREN for key in before[name]
        if key.endswith(is_statistic) == (kind == 'statistics')
        and not torch.equal(before[name][key], after[name][key])
    }


def flags(model):
    return ([p.requires_grad for p in model.parameters()],
            [m.training for m in model.modules()])


class StopError(Exception):
    pass


def test_each_step_moves_its_own_and_nothing_else():
    model = build_model()
    optim = build_optim(model)
    flags_before = flags(model)
    seen = []

    def record(step, update_params):
        def call(loss):
            for child in CHILDREN:  # nothing is left from the step before
                trained = child in STEPS[step]
                for parameter in getattr(model, child).parameters():
                    assert trained or parameter.grad is None
            before = snapshot(model)
            update_params(loss)
            after = snapshot(model)
            assert moved(before, after, 'parameters') == STEPS[step]
            assert moved(before, after, 'statistics') == set()
            seen.append(step)
        return call

    for step, wrapper in optim.items():
        wrapper.update_params = record(step, wrapper.update_params)
    model.train_step(make_batch(0), optim)
    assert seen == ['encoders', 'discriminator', 'generator']
    assert flags(model) == flags_before


@pytest.mark.parametrize('step, statistics', [
    ('encoders', {'pose_encoder', 'expression_encoder'}),
    ('discriminator', {'discriminator'}),
    ('generator', {'pose_encoder', 'expression_encoder'}),
])
def test_statistics_that_a_step_moves(step, statistics):
    model = build_model()
    images, targets = model.preprocess(make_batch(0))
    f_id = model.identity_encoder(images)
    before = snapshot(model)
    if step == 'encoders':
        model.encoder_losses(images, f_id, targets)
    elif step == 'discriminator':
        model.discriminator_losses(images, targets)
    else:
        with frozen(*model.frozen_in_generator_step):
            model.generator_losses(images, f_id, targets)
    after = snapshot(model)
    assert moved(before, after, 'statistics') == statistics
    assert moved(before, after, 'parameters') == set()


def test_trained_by_step():
    names = {step: set(names) for step, names in
             build_model().trained_by_step.items()}
    assert names == STEPS
    model = build_model(pose_encoder=None, pose_head=None, discriminator=None)
    assert model.trained_by_step == dict(
        encoders=('expression_encoder', 'expression_head'),
        discriminator=(),
        generator=('expression_encoder', 'decoder'))


def test_identity_encoder_rests_through_training():
    model = build_model()
    optim = build_optim(model)
    before = snapshot(model)['identity_encoder']
    for seed in range(2):
        model.train()
        assert not model.identity_encoder.training
        model.train_step(make_batch(seed), optim)
    after = model.identity_encoder.state_dict()
    assert all(torch.equal(before[key], after[key]) for key in before)


@pytest.mark.parametrize('method', [
    'encoder_losses', 'discriminator_losses', 'generator_losses',
    'adversarial_losses'
])
def test_flags_are_restored_when_a_step_raises(method):
    model = build_model()
    before = flags(model)
    with (patch.object(type(model), method, side_effect=StopError),
          pytest.raises(StopError)):
        model.train_step(make_batch(0), build_optim(model))
    assert flags(model) == before


def test_gradients_flow_through_what_is_frozen():
    """Eq. 2, 9 and 10 must reach the decoder through E_id and D."""
    for name in ('loss_id', 'loss_adv_neutral', 'loss_adv_exp'):
        others = LOSSES - {name, 'loss_disc'}
        model = build_model(**{other: None for other in others})
        images, targets = model.preprocess(make_batch(0))
        with frozen(model.discriminator):
            losses = model.generator_losses(
                images, model.identity_encoder(images), targets)
        assert set(losses) == {name}
        losses[name].backward()
        grad = model.decoder.to_rgb.weight.grad
        assert grad is not None and grad.abs().max() > 0, name
        assert all(p.grad is None for p in model.discriminator.parameters())


def test_log_holds_every_loss_once():
    model = build_model()
    log = model.train_step(make_batch(0), build_optim(model))
    assert set(log) == LOSSES | TOTALS | {'pose_unknown'}
    assert log['pose_unknown'] == 1  # make_batch hides one pose
    step1 = log['loss_exp'] + log['loss_pose'] + log['loss_cos']
    torch.testing.assert_close(log['loss_encoders'], step1)
    torch.testing.assert_close(log['loss_discriminator'], log['loss_disc'])
    assert all(value.grad_fn is None for value in log.values())


def test_log_values_are_weighted():
    batch = make_batch(0)
    plain = build_model()
    heavy = build_model(
        loss_recon=dict(type='ipdfer_mm.ReconstructionLoss', loss_weight=30.))
    log_plain = plain.train_step(batch, build_optim(plain))
    log_heavy = heavy.train_step(batch, build_optim(heavy))
    torch.testing.assert_close(log_heavy['loss_recon'],
                               3 * log_plain['loss_recon'])


def test_generator_total_is_eq_12():
    """Classification is in L_G, and L_confusion is there once."""
    totals = {}
    for classify in (True, False):
        model = build_model(classify_in_generator_step=classify)
        # Step 1 must not move the weights between the two.
        optim = build_optim(model, lr=0.)
        log = model.train_step(make_batch(0), optim)
        parts = sum(log[name] for name in (
            'loss_recon', 'loss_id', 'loss_adv_neutral', 'loss_adv_exp',
            'loss_confusion'))
        totals[classify] = log['loss_generator'] - parts
        expected = log['loss_encoders'] if classify else 0 * parts
        torch.testing.assert_close(
            totals[classify], expected, rtol=1e-4, atol=1e-4)


def test_id_fer():
    model = build_model(pose_encoder=None, pose_head=None)
    log = model.train_step(
        make_batch(0, with_pose=False), build_optim(model))
    assert set(log) == (LOSSES | TOTALS) - {'loss_pose', 'loss_confusion'}
    assert set(model.extract_feats(torch.zeros(2, 3, 32, 32))) == {
        'identity', 'expression'
    }
    images = model.eval().synthesize(torch.randn(2, 3, 32, 32))
    assert torch.equal(images['identity'], images['neutral'])


def test_without_discriminator():
    model = build_model(discriminator=None)
    log = model.train_step(make_batch(0), build_optim(model))
    assert set(log) == (LOSSES | TOTALS | {'pose_unknown'}) - {
        'loss_disc', 'loss_discriminator', 'loss_adv_neutral', 'loss_adv_exp'
    }


@pytest.mark.parametrize('name', sorted(LOSSES))
@pytest.mark.parametrize('zero', [True, False])
def test_a_loss_without_weight_is_not_computed(name, zero):
    cfg = None
    if zero:
        model = build_model()
        cfg = dict(type=type(getattr(model, name)).__name__, loss_weight=0)
        scope = 'ipdfer_mm' if cfg['type'] != 'CrossEntropyLoss' else (
            'mmpretrain')
        cfg['type'] = f'{scope}.{cfg["type"]}'
    model = build_model(**{name: cfg})
    assert getattr(model, name) is None
    log = model.train_step(make_batch(0), build_optim(model))
    assert name not in log


def test_what_only_skipped_losses_need_is_not_run():
    model = build_model(
        loss_id=None, loss_adv_neutral=None, loss_adv_exp=None)
    images, targets = model.preprocess(make_batch(0))
    f_id = model.identity_encoder(images)
    with (patch.object(
            model.identity_encoder, 'forward', side_effect=StopError),
          patch.object(model.discriminator, 'forward', side_effect=StopError)):
        model.generator_losses(images, f_id, targets)


def test_soft_labels():
    """Distributions in the expression losses, their argmax in Eq. 1."""
    model = build_model()
    batch = make_batch(0)
    hard = model.train_step(copy.deepcopy(batch), build_optim(model, lr=0.))
    for sample in batch['data_samples']:
        one_hot = torch.zeros(len(CLASSES))
        one_hot[sample.gt_label] = 1
        sample.set_gt_score(one_hot)
        sample.set_gt_label(0)  # must not be looked at
    model = build_model()
    soft = model.train_step(batch, build_optim(model, lr=0.))
    for name in LOSSES:
        torch.testing.assert_close(soft[name], hard[name])


# ------------------------------- interface -------------------------------


def test_forward_modes():
    model = build_model().eval()
    inputs = torch.randn(3, 3, 32, 32)
    logits = model(inputs)
    assert logits.shape == (3, 4)
    samples = model(inputs, mode='predict')
    for sample, row in zip(samples, logits):
        torch.testing.assert_close(sample.pred_score, row.softmax(0))
        assert sample.pred_label.item() == row.argmax().item()
    with pytest.raises(ValueError, match='train_step'):
        model(inputs, mode='loss')


def test_extract_feat_stages():
    model = build_model().eval()
    inputs = torch.randn(3, 3, 32, 32)
    maps = model.extract_feat(inputs, stage='backbone')[-1]
    pooled = maps.mean(dim=(2, 3))
    torch.testing.assert_close(model.extract_feat(inputs)[-1], pooled)
    torch.testing.assert_close(
        model.extract_feat(inputs, stage='pre_logits'), pooled)
    torch.testing.assert_close(
        model.expression_head.fc(pooled), model(inputs))
    with pytest.raises(ValueError, match='stage'):
        model.extract_feat(inputs, stage='head')


def test_synthesize_decodes_the_sums():
    model = build_model().eval()
    inputs = torch.randn(2, 3, 32, 32)
    feats = model.extract_feats(inputs)
    images = model.synthesize(inputs)
    total = torch.zeros(2, 64)
    for image, part in zip(('identity', 'neutral', 'reconstruction'),
                           ('identity', 'pose', 'expression')):
        total = total + feats[part]
        torch.testing.assert_close(images[image], model.decoder(total))


@pytest.mark.parametrize('without_pose', [False, True])
def test_scale_expression(without_pose):
    """Between the two faces of synthesize, and beyond."""
    none = dict(pose_encoder=None, pose_head=None) if without_pose else {}
    model = build_model(**none).eval()
    inputs = torch.randn(2, 3, 32, 32)
    images = model.synthesize(inputs)
    torch.testing.assert_close(
        model.scale_expression(inputs, 0), images['neutral'])
    torch.testing.assert_close(
        model.scale_expression(inputs, 1), images['reconstruction'])
    total = model.identity_encoder(inputs)
    if not without_pose:
        total = total + model.pose_encoder(inputs)
    total = total + 1.5 * model.extract_feat(inputs, stage='pre_logits')
    torch.testing.assert_close(
        model.scale_expression(inputs, 1.5), model.decoder(total))


def test_inference_needs_the_expression_branch_alone():
    model = build_model().eval()
    inputs = torch.randn(2, 3, 32, 32)
    expected = model(inputs)
    for name in CHILDREN:
        if not name.startswith('expression'):
            delattr(model, name)
    assert torch.equal(model(inputs), expected)


def test_data_preprocessor_gives_rgb_in_minus_one_to_one():
    model = build_model()
    blue = torch.zeros(1, 3, 32, 32, dtype=torch.uint8)
    blue[:, 0] = 255  # BGR
    inputs = model.data_preprocessor(dict(inputs=blue))['inputs']
    assert inputs[0, :, 0, 0].tolist() == [-1, -1, 1]


# ------------------------------ bad input -------------------------------


def test_data_set_without_neutral():
    model = build_model(classes=None)
    with pytest.raises(ValueError, match='neutral.*anger.*joy'):
        model.set_classes(('anger', 'joy'))
    with pytest.raises(RuntimeError, match='DatasetMetaHook'):
        model.train_step(make_batch(0), build_optim(model))
    model.set_classes(CLASSES)
    assert model.neutral_label == 2
    with pytest.raises(ValueError, match='the dataset'):
        model.set_classes(CLASSES[::-1])


def test_neutral_class_of_another_name():
    model = build_model(classes=('sad', 'calm'), neutral_class='calm')
    assert model.neutral_label == 1


def test_random_identity_encoder_is_refused():
    model = build_model()
    model.identity_encoder.has_weights = False
    with pytest.raises(RuntimeError, match='random weights.*Pretrained'):
        model.train_step(make_batch(0), build_optim(model))


def test_missing_optimizers_are_named():
    model = build_model()
    optim = build_optim(model)
    del optim.optim_wrappers['discriminator']
    with pytest.raises(ValueError, match="'encoders', 'discriminator'"):
        model.train_step(make_batch(0), optim)


@pytest.mark.parametrize('key, name', [
    ('encoders', 'pose_head'), ('encoders', 'expression_encoder'),
    ('discriminator', 'discriminator'), ('generator', 'decoder')])
def test_optimizers_that_leave_out_a_network(key, name):
    model = build_model()
    network = getattr(model, name)
    left_out = {id(p) for p in network.parameters()}
    optim = build_optim(model)
    if name == 'discriminator':  # an optimizer of nothing is refused by torch
        left_out.remove(id(next(network.parameters())))
    for group in optim[key].optimizer.param_groups:
        group['params'] = [
            p for p in group['params'] if id(p) not in left_out]
    with pytest.raises(ValueError, match=f'optim_wrapper.{key} does not '
                                         f'train the {name}.*trained_by'):
        model.train_step(make_batch(0), optim)
    network.requires_grad_(False)
    if name in ('pose_head', 'expression_encoder'):
        model.train_step(make_batch(0), optim)  # frozen on purpose


def test_checks_run_once_for_the_same_optimizers(monkeypatch):
    model = build_model()
    checked = []
    monkeypatch.setattr(training_checks, 'check_trainable',
                        lambda *args: checked.append(args))
    optimizers = [build_optim(model), build_optim(model)]
    for optim in optimizers:
        for _ in range(2):
            model.train_step(make_batch(0), optim)
    assert checked == [(model, optim) for optim in optimizers]


def test_samples_without_pose_label():
    model = build_model()
    with pytest.raises(ValueError, match='PackFaceInputs.*idfer'):
        model.train_step(
            make_batch(0, with_pose=False), build_optim(model))


def test_half_a_pose_branch():
    with pytest.raises(ValueError, match='belong together'):
        build_model(pose_head=None)


def test_widths_that_differ_are_named():
    model = build_model(
        decoder=dict(
            type='ipdfer_mm.FaceDecoder',
            in_channels=32,
            widths=(8, ) * 5,
            img_size=32))
    message = 'identity_encoder gives features of width 64.*in_channels is 32'
    before = {key: value.clone() for key, value in model.state_dict().items()}
    with pytest.raises(ValueError, match=message):
        model.train_step(make_batch(0), build_optim(model))
    for key, value in model.state_dict().items():
        assert torch.equal(value, before[key]), key
