"""The head of the baseline that also tells the pose."""

import numpy as np
import pytest
import torch
from mmpretrain.models.heads import LinearClsHead
from mmpretrain.structures import DataSample

from ipdfer_mm.models import PoseSupervisedHead
from ipdfer_mm.utils import register_all_modules

CROSS_ENTROPY = dict(type='mmpretrain.CrossEntropyLoss')
WIDTH = 6
LABELS = [0, 2, 1, 2]
POSES = [4, 0, -100, 3]


@pytest.fixture
def head() -> PoseSupervisedHead:
    register_all_modules()
    torch.manual_seed(0)
    pose_head = dict(type='mmpretrain.LinearClsHead', num_classes=5,
                     in_channels=WIDTH, loss=CROSS_ENTROPY)
    head = PoseSupervisedHead(
        3, WIDTH, pose_head=pose_head, loss=CROSS_ENTROPY)
    head.init_weights()
    return head


def samples(poses=POSES) -> list:
    result = [DataSample().set_gt_label(label) for label in LABELS]
    for sample, pose in zip(result, poses):
        sample.set_field(torch.tensor([pose]), 'pose_label')
    return result


def features() -> torch.Tensor:
    return torch.randn(
        4, WIDTH, generator=torch.Generator().manual_seed(1))


def cross_entropy(fc, feats, labels) -> float:
    """In numpy: a negative label gives nothing, but is counted."""
    weight, bias = fc.weight.detach().numpy(), fc.bias.detach().numpy()
    logits = feats.numpy() @ weight.T + bias
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return -sum(row[label] for row, label in zip(log_p, labels)
                if label >= 0) / len(labels)


def test_losses_are_two_cross_entropies(head):
    losses = head.loss((features(), ), samples())
    assert losses.keys() == {'loss', 'loss_pose'}
    for name, fc, labels in (('loss', head.fc, LABELS),
                             ('loss_pose', head.pose_head.fc, POSES)):
        assert losses[name].item() == pytest.approx(
            cross_entropy(fc, features(), labels), rel=1e-5)


def test_pose_shapes_the_feature_it_is_read_from(head):
    feats = features().requires_grad_()
    head.loss((feats, ), samples())['loss_pose'].backward()
    norms = feats.grad.norm(dim=1)
    assert norms[2] == 0  # unknown
    assert (norms[[0, 1, 3]] > 0).all()


def test_predicts_as_a_plain_head(head):
    plain = LinearClsHead(3, WIDTH, loss=CROSS_ENTROPY)
    plain.fc.load_state_dict(head.fc.state_dict())
    for ours, theirs in zip(head.predict((features(), )),
                            plain.predict((features(), ))):
        assert torch.equal(ours.pred_score, theirs.pred_score)


def test_samples_without_pose_are_refused(head):
    with pytest.raises(ValueError, match='pose_label'):
        head.loss((features(), ), samples(poses=()))
