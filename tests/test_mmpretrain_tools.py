"""Our parts in configs of mmpretrain, trained with mmpretrain's own tools."""

from pathlib import Path

import mmpretrain
import pytest
from helpers.tiny_run import (
    ITERATIONS,
    ipdfer_cfg,
    make_rafdb,
    run,
    save_identity_weights,
)

TOOL = Path(mmpretrain.__file__).parent / '.mim/tools/train.py'
CONFIG = '''
default_scope = 'mmpretrain'
model = {model}
pipeline = [
    dict(type='ipdfer_mm.LoadFaceImage'),
    dict(type='Resize', scale=({size}, {size})),
    dict(type='ipdfer_mm.PackFaceInputs'),
]
train_dataloader = dict(
    batch_size=8,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='ipdfer_mm.RAFDB',
        data_root={root!r},
        split='train',
        manifest='manifest.csv',
        pipeline=pipeline))
val_dataloader = dict(
    batch_size=4,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='ipdfer_mm.RAFDB',
        data_root={root!r},
        split='test',
        manifest='manifest.csv',
        pipeline=pipeline))
val_evaluator = dict(type='Accuracy', topk=(1, ))
optim_wrapper = {optim}
train_cfg = dict(by_epoch=True, max_epochs=1, val_interval=1)
val_cfg = dict()
default_hooks = dict(
    logger=dict(type='LoggerHook', interval=1),
    checkpoint=dict(type='CheckpointHook', interval=1),
    dataset_meta=dict(type='ipdfer_mm.DatasetMetaHook'))
'''
CLASSIFIER = dict(
    type='ImageClassifier',
    backbone=dict(type='ipdfer_mm.IResNet', depth=18, img_size=32),
    head=dict(type='LinearClsHead', num_classes=7, in_channels=512))
ADAM = dict(type='Adam', lr=1e-3)
IPDFER_OPTIM = dict(
    constructor='ipdfer_mm.AlternatingOptimWrapperConstructor',
    encoders=dict(optimizer=ADAM),
    discriminator=dict(optimizer=ADAM),
    generator=dict(optimizer=ADAM))


def train(config: Path) -> str:
    log = run('python', TOOL, config, '--work-dir', config.parent / 'work',
              cwd=config.parent)
    assert (config.parent / 'work/epoch_1.pth').is_file()
    return log


@pytest.mark.parametrize('name', ['classifier', 'ipdfer'])
def test_mmpretrain_trains_our_parts(name, tmp_path):
    root = make_rafdb(tmp_path / 'rafdb')
    if name == 'classifier':
        model, optim = CLASSIFIER, dict(optimizer=ADAM)
    else:
        weights = save_identity_weights(tmp_path / 'identity.pth')
        model, optim = ipdfer_cfg(weights), IPDFER_OPTIM
    config = tmp_path / 'config.py'
    config.write_text(
        CONFIG.format(model=model, optim=optim, root=str(root), size=32))
    log = train(config)
    assert f'[{ITERATIONS}/{ITERATIONS}]' in log
    assert 'accuracy/top1' in log
    assert ('loss_generator' in log) == (name == 'ipdfer')
