"""A classifier that learns the pose from f_exp, for the confusion loss."""

import pytest
import torch
from helpers.algorithm1 import TOLERANCE, difference
from helpers.small_model import build_model, build_optim, head, make_batch

CFG = dict(type='ipdfer_mm.PoseAdversaryIPDFER', pose_adversary=head(5))


@pytest.fixture
def model():
    model = build_model(**CFG)
    torch.nn.init.normal_(model.pose_adversary.fc.weight, std=0.3)
    return model


def test_is_algorithm_1_with_another_classifier():
    assert difference(CFG, adversary=True) < TOLERANCE


def test_differs_from_the_paper():
    assert difference(CFG) > 1e3 * TOLERANCE


def test_learns_from_f_exp_and_does_not_teach_it(model):
    images, targets = model.preprocess(make_batch(0))
    losses = model.encoder_losses(
        images, model.identity_encoder(images), targets)
    # In train mode: the statistics of the batch count.
    f_exp = model.expression_encoder(images)
    expected = model.loss_pose(model.pose_adversary.fc(f_exp), targets.pose)
    torch.testing.assert_close(losses['loss_pose_adversary'], expected)
    losses['loss_pose_adversary'].backward()
    reached = {name for name, parameter in model.named_parameters()
               if parameter.grad is not None}
    assert reached == {'pose_adversary.fc.weight', 'pose_adversary.fc.bias'}


def test_optimizers_that_would_not_train_it_are_refused(model):
    optim = build_optim(model)
    adversary = {id(p) for p in model.pose_adversary.parameters()}
    group, = optim['encoders'].optimizer.param_groups
    group['params'] = [p for p in group['params'] if id(p) not in adversary]
    with pytest.raises(ValueError, match='does not train the pose_adversary'):
        model.train_step(make_batch(0), optim)


def test_losses_that_it_needs():
    with pytest.raises(ValueError, match='pose_adversary.*loss_confusion'):
        build_model(**CFG, loss_confusion=None)
