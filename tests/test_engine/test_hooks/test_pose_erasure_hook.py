"""Erasure of the pose when training ends."""

import copy
import logging
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from helpers.small_model import WIDTH, build_model, make_batch, resnet
from helpers.tiny_run import (
    baseline_cfg,
    ipdfer_cfg,
    make_rafdb,
    run_train,
    save_identity_weights,
    write_config,
)
from mmengine.config import Config
from mmengine.dataset import default_collate
from mmengine.registry import DATASETS
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop
from mmengine.runner.checkpoint import load_checkpoint

from ipdfer_mm.engine.hooks.pose_erasure_hook import (
    PoseErasureHook,
    erase_pose,
)
from ipdfer_mm.models.erasure import without_class_means
from ipdfer_mm.registry import MODELS
from ipdfer_mm.utils.dataset_configs import without_augmentation

NECK = dict(type='mmpretrain.LinearNeck', in_channels=WIDTH,
            out_channels=WIDTH, gap_dim=2, norm_cfg=None)
YAWS = np.linspace(-60, 60, 40)


@pytest.fixture
def loader():
    """Images as a data loader gives them, one without a pose."""
    torch.manual_seed(0)
    batches = [make_batch(seed) for seed in range(200)]
    samples = [sample for batch in batches for sample in
               batch['data_samples']]
    for sample, yaw in zip(samples, np.resize(YAWS, len(samples))):
        sample.set_metainfo(dict(yaw=yaw))
    samples[3].set_metainfo(dict(yaw=float('nan')))
    return batches


def covariance(model, loader):
    """Largest correlation of f_exp with the yaw within expressions."""
    feats, samples = [], []
    for batch in loader:
        data = model.data_preprocessor(copy.deepcopy(batch), False)
        with torch.no_grad():
            feats.append(model.extract_feat(
                data['inputs'], stage='pre_logits').double())
        samples += data['data_samples']
    yaws = np.array([sample.yaw for sample in samples])
    known = np.isfinite(yaws)
    labels = np.array([int(sample.gt_label) for sample in samples])[known]
    feats = torch.cat(feats).numpy()[known]
    within = without_class_means(yaws[known, None], labels)[:, 0]
    return np.abs(np.corrcoef(feats.T, within)[-1, :-1]).max()


def build(kind):
    if kind == 'ipdfer':
        return build_model(expression_encoder=dict(
            type='ipdfer_mm.FaceEncoder', backbone=resnet(), neck=NECK))
    torch.manual_seed(0)
    model = MODELS.build(dict(baseline_cfg(), neck=NECK))
    model.init_weights()
    return model.train()


@pytest.mark.parametrize('kind', ['ipdfer', 'baseline'])
def test_pose_is_erased(kind, loader):
    model = build(kind)
    before = copy.deepcopy(model.state_dict())
    model.eval()
    assert covariance(model, loader) > .03
    model.train()
    erase_pose(model, loader)
    assert model.training
    changed = {name for name, value in model.state_dict().items()
               if not torch.equal(value, before[name])}
    prefix = 'expression_encoder.' if kind == 'ipdfer' else ''
    assert changed == {f'{prefix}neck.fc.weight', f'{prefix}neck.fc.bias'}
    model.eval()
    assert covariance(model, loader) < 1e-3  # float32


def test_synchronized_batch_norm(loader):
    """As `sync_bn=torch` makes it of a neck's batch norm."""
    model = build_model(expression_encoder=dict(
        type='ipdfer_mm.FaceEncoder', backbone=resnet(),
        neck=dict(NECK, norm_cfg=dict(type='BN1d'))))
    for batch in loader:  # statistics
        model.extract_feat(model.data_preprocessor(
            copy.deepcopy(batch), False)['inputs'])
    neck = model.expression_encoder.neck
    neck.norm = torch.nn.SyncBatchNorm.convert_sync_batchnorm(neck.norm)
    assert isinstance(neck.norm, torch.nn.SyncBatchNorm)
    model.eval()
    assert covariance(model, loader) > .03
    erase_pose(model, loader)
    assert covariance(model, loader) < 1e-3


def test_the_feature_in_front_of_a_deep_head(loader):
    """Not the hidden layer, though it is as wide."""
    torch.manual_seed(0)
    model = MODELS.build(dict(baseline_cfg(), neck=NECK, head=dict(
        type='StackedLinearClsHead', _scope_='mmpretrain', num_classes=4,
        in_channels=WIDTH, mid_channels=[WIDTH])))
    model.init_weights()
    erase_pose(model, loader)
    model.head = torch.nn.Identity()  # the feature is what is read
    model.head.pre_logits = lambda feats: feats[-1]
    assert covariance(model.eval(), loader) < 1e-3


@pytest.mark.parametrize('loop, neck, message', [
    (EpochBasedTrainLoop, None, 'LinearNeck without activation'),
    (IterBasedTrainLoop, NECK, 'train by epochs')])
def test_what_cannot_be_erased_is_said_before(loop, neck, message):
    model = build('ipdfer')
    if neck is None:
        model.expression_encoder.neck = None
    runner = SimpleNamespace(model=model, train_loop=object.__new__(loop))
    with pytest.raises(ValueError, match=message):
        PoseErasureHook().before_train(runner)


def test_early_end_is_warned_about(caplog):
    runner = SimpleNamespace(
        epoch=3, max_epochs=6, logger=logging.getLogger('test'))
    PoseErasureHook().after_train(runner)
    assert 'not erased the pose in any checkpoint' in caplog.text


def test_without_any_pose_it_says_so(loader):
    for batch in loader:
        for sample in batch['data_samples']:
            sample.set_metainfo(dict(yaw=float('nan')))
    with pytest.raises(ValueError, match='no training image is known'):
        erase_pose(build('ipdfer'), loader)


def test_last_checkpoint_is_erased(tmp_path):
    """That of the epoch before is not."""
    weights = save_identity_weights(tmp_path / 'identity.pth')
    model = ipdfer_cfg(weights)
    model['expression_encoder'] = dict(model['expression_encoder'], neck=NECK)
    config = write_config(
        tmp_path / 'erased.py', make_rafdb(tmp_path / 'rafdb'), model,
        custom_hooks=[dict(type='PoseErasureHook')])
    run_train(config, tmp_path / 'work')
    cfg = Config.fromfile(config)
    images = DATASETS.build(without_augmentation(cfg, 'train'))
    batches = [default_collate(list(images))]
    found = []
    for epoch in (1, 2):
        model = MODELS.build(cfg.model).eval()
        load_checkpoint(model, str(tmp_path / f'work/epoch_{epoch}.pth'))
        found.append(covariance(model, batches))
    assert found[0] > .1
    assert found[1] < 1e-4
