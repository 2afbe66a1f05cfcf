"""What each step moves, what it leaves alone, and the model's interface."""

import copy
from contextlib import ExitStack
from unittest.mock import patch

import pytest
import torch
from helpers.small_model import CLASSES, build_model, build_optim, make_batch

from ipdfer_mm.models.utils import frozen

CHILDREN = ('identity_encoder', 'pose_encoder', 'pose_head',
            'expression_encoder', 'expression_head', 'decoder',
            'discriminator')
STEPS = dict(
    encoders={
        'pose_encoder', 'pose_head', 'expression_encoder', 'expression_head'},
    discriminator={'discriminator'},
    generator={'pose_encoder', 'expression_encoder', 'decoder'})
LOSSES = {
    'loss_exp', 'loss_pose', 'loss_cos', 'loss_disc', 'loss_adv_neutral',
    'loss_adv_exp', 'loss_id', 'loss_recon', 'loss_confusion'
}
TOTALS = {'loss_encoders', 'loss_discriminator', 'loss_generator'}


def snapshot(model):
    return copy.deepcopy({name: getattr(model, name).state_dict()
                          for name in CHILDREN})


def moved(before, after):
    """Children of which a parameter or a batch-norm statistic moved."""
    return {name for name in CHILDREN for key in before[name]
            if not torch.equal(before[name][key], after[name][key])}


def train_step(model, batch=None, **optim):
    return model.train_step(batch or make_batch(0),
                            build_optim(model, **optim))


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
            assert moved(before, snapshot(model)) == STEPS[step]
            seen.append(step)
        return call

    for step, wrapper in optim.items():
        wrapper.update_params = record(step, wrapper.update_params)
    before = snapshot(model)
    model.train_step(make_batch(0), optim)
    assert seen == ['encoders', 'discriminator', 'generator']
    assert flags(model) == flags_before
    # E_id rests, its statistics included.
    assert moved(before, snapshot(model)) == set(CHILDREN[1:])


def test_steps_without_pose_and_discriminator():
    model = build_model(pose_encoder=None, pose_head=None, discriminator=None)
    assert model.trained_by_step == dict(
        encoders=('expression_encoder', 'expression_head'),
        discriminator=(),
        generator=('expression_encoder', 'decoder'))


@pytest.mark.parametrize('method', [
    'encoder_losses', 'discriminator_losses', 'generator_losses',
    'adversarial_losses'
])
def test_flags_are_restored_when_a_step_raises(method):
    model = build_model()
    before = flags(model)
    with (patch.object(type(model), method, side_effect=StopError),
          pytest.raises(StopError)):
        train_step(model)
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
    log = train_step(build_model())
    assert set(log) == LOSSES | TOTALS | {'pose_unknown'}
    assert log['pose_unknown'] == 1  # make_batch hides one pose
    step1 = log['loss_exp'] + log['loss_pose'] + log['loss_cos']
    torch.testing.assert_close(log['loss_encoders'], step1)
    torch.testing.assert_close(log['loss_discriminator'], log['loss_disc'])
    assert all(value.grad_fn is None for value in log.values())
    # Values are weighted: here three times the paper's 10.
    heavy = train_step(build_model(
        loss_recon=dict(type='ipdfer_mm.ReconstructionLoss', loss_weight=30.)))
    torch.testing.assert_close(heavy['loss_recon'], 3 * log['loss_recon'])


@pytest.mark.parametrize('classify', [True, False])
def test_generator_total_is_eq_12(classify):
    """Classification is in L_G, and L_confusion is there once."""
    model = build_model(classify_in_generator_step=classify)
    # Step 1 must not move the weights between the two.
    log = train_step(model, lr=0.)
    parts = sum(log[name] for name in (
        'loss_recon', 'loss_id', 'loss_adv_neutral', 'loss_adv_exp',
        'loss_confusion'))
    expected = log['loss_encoders'] if classify else 0 * parts
    torch.testing.assert_close(
        log['loss_generator'] - parts, expected, rtol=1e-4, atol=1e-4)


def test_id_fer():
    model = build_model(pose_encoder=None, pose_head=None)
    log = train_step(model, make_batch(0, with_pose=False))
    assert set(log) == (LOSSES | TOTALS) - {'loss_pose', 'loss_confusion'}
    assert set(model.extract_feats(torch.zeros(2, 3, 32, 32))) == {
        'identity', 'expression'}
    images = model.eval().synthesize(torch.randn(2, 3, 32, 32))
    assert torch.equal(images['identity'], images['neutral'])


def test_without_discriminator():
    log = train_step(build_model(discriminator=None))
    assert set(log) == (LOSSES | TOTALS | {'pose_unknown'}) - {
        'loss_disc', 'loss_discriminator', 'loss_adv_neutral', 'loss_adv_exp'}


@pytest.mark.parametrize('name', sorted(LOSSES))
@pytest.mark.parametrize('zero', [True, False])
def test_a_loss_without_weight_is_not_computed(name, zero):
    cfg = None
    if zero:
        cfg = dict(type=type(getattr(build_model(), name)), loss_weight=0)
    model = build_model(**{name: cfg})
    assert getattr(model, name) is None
    assert name not in train_step(model)


def test_what_only_skipped_losses_need_is_not_run():
    model = build_model(
        loss_id=None, loss_adv_neutral=None, loss_adv_exp=None)
    images, targets = model.preprocess(make_batch(0))
    f_id = model.identity_encoder(images)
    with (patch.object(
            model.identity_encoder, 'forward', side_effect=StopError),
          patch.object(model.discriminator, 'forward', side_effect=StopError)):
        model.generator_losses(images, f_id, targets)


def test_the_expression_branch_alone():
    """Without a loss of fakes nobody else is run."""
    names = ('loss_cos', 'loss_recon', 'loss_id', 'loss_adv_neutral',
             'loss_adv_exp', 'loss_pose', 'loss_disc', 'loss_confusion')
    model = build_model(**dict.fromkeys(names))
    optim, batch = build_optim(model), make_batch(0)
    model.train_step(batch, optim)  # once they are, to compare their widths
    others = (model.identity_encoder, model.pose_encoder, model.decoder,
              model.discriminator)
    with ExitStack() as stack:
        for network in others:
            stack.enter_context(
                patch.object(network, 'forward', side_effect=StopError))
        log = model.train_step(batch, optim)
        assert {name for name in log if name.startswith('loss')} == {
            'loss_exp', 'loss_encoders', 'loss_generator'}
        # Eq. 11 has no loss then, and no step.
        model.classify_in_generator_step = False
        assert 'loss_generator' not in model.train_step(batch, optim)


def test_soft_labels():
    """Distributions in the expression losses, their argmax in Eq. 1."""
    batch = make_batch(0)
    hard = train_step(build_model(), copy.deepcopy(batch), lr=0.)
    for sample in batch['data_samples']:
        sample.set_gt_score(torch.eye(len(CLASSES))[sample.gt_label.item()])
        sample.set_gt_label(0)  # must not be looked at
    soft = train_step(build_model(), batch, lr=0.)
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
    pooled = model.extract_feat(inputs, stage='backbone')[-1].mean(dim=(2, 3))
    for feat in (model.extract_feat(inputs)[-1],
                 model.extract_feat(inputs, stage='pre_logits')):
        torch.testing.assert_close(feat, pooled)
    torch.testing.assert_close(model.expression_head.fc(pooled), model(inputs))
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
    none = dict(pose_encoder=None, pose_head=None) if without_pose else {}
    model = build_model(**none).eval()
    inputs = torch.randn(2, 3, 32, 32)
    feats = model.extract_feats(inputs)
    f_exp = feats.pop('expression')
    for factor in (0, 1, 1.5):
        torch.testing.assert_close(
            model.scale_expression(inputs, factor),
            model.decoder(sum(feats.values()) + factor * f_exp))


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


def test_dataset_without_neutral():
    model = build_model(classes=None)
    with pytest.raises(ValueError, match='neutral.*anger.*joy'):
        model.set_classes(('anger', 'joy'))
    with pytest.raises(RuntimeError, match='DatasetMetaHook'):
        train_step(model)
    model.set_classes(CLASSES)
    assert model.neutral_label == 2
    with pytest.raises(ValueError, match='the dataset'):
        model.set_classes(CLASSES[::-1])


def test_neutral_class_of_another_name():
    model = build_model(classes=('sad', 'calm'), neutral_class='calm')
    assert model.neutral_label == 1


def test_random_identity_encoder_is_refused():
    """Checks run once for the same optimizers."""
    model = build_model()
    optim = build_optim(model)
    model.train_step(make_batch(0), optim)
    model.identity_encoder.has_weights = False
    model.train_step(make_batch(0), optim)
    with pytest.raises(RuntimeError, match='random weights.*Pretrained'):
        train_step(model)


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


def test_samples_without_pose_label():
    with pytest.raises(ValueError, match='PackFaceInputs.*idfer'):
        train_step(build_model(), make_batch(0, with_pose=False))


def test_half_a_pose_branch():
    with pytest.raises(ValueError, match='belong together'):
        build_model(pose_head=None)


def test_widths_that_differ_are_named():
    model = build_model(decoder=dict(
        type='ipdfer_mm.FaceDecoder', in_channels=32, widths=(8, ) * 5,
        img_size=32))
    before = snapshot(model)
    with pytest.raises(ValueError, match='identity_encoder gives features of '
                       'width 64.*in_channels is 32'):
        train_step(model)
    assert not moved(before, snapshot(model))
