"""Our parts in configs of mmpretrain, trained with mmpretrain's own tools."""

from pathlib import Path

import mmpretrain
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
adam = dict(type='Adam', lr=1e-3)
optim_wrapper = dict(
    constructor='ipdfer_mm.AlternatingOptimWrapperConstructor',
    encoders=dict(optimizer=adam),
    discriminator=dict(optimizer=adam),
    generator=dict(optimizer=adam))
train_cfg = dict(by_epoch=True, max_epochs=1, val_interval=1)
val_cfg = dict()
default_hooks = dict(
    logger=dict(type='LoggerHook', interval=1),
    checkpoint=dict(type='CheckpointHook', interval=1),
    dataset_meta=dict(type='ipdfer_mm.DatasetMetaHook'))
'''


def test_mmpretrain_trains_ipdfer(tmp_path):
    """A classifier of the documents is trained by test_docs.py."""
    root = make_rafdb(tmp_path / 'rafdb')
    model = ipdfer_cfg(save_identity_weights(tmp_path / 'identity.pth'))
    config = tmp_path / 'config.py'
    config.write_text(CONFIG.format(model=model, root=str(root), size=32))
    log = run('python', TOOL, config, '--work-dir', tmp_path / 'work',
              cwd=tmp_path)
    assert (tmp_path / 'work/epoch_1.pth').is_file()
    assert f'[{ITERATIONS}/{ITERATIONS}]' in log
    assert 'accuracy/top1' in log and 'loss_generator' in log
