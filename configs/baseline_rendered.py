# The baseline of the rendered benchmark: the expression encoder of
# ipdfer_rendered.py as a plain classifier, from the same weights, with the
# same data.
_base_ = [
    './_base_/models/baseline_resnet18.py',
    './_base_/datasets/rendered.py',
    './_base_/schedules/baseline.py',
    './_base_/default_runtime.py',
]

feat_channels = 128
model = dict(
    backbone=dict(
        stem_channels=16,
        base_channels=16,
        strides=(1, 2, 2, 1),
        init_cfg=dict(
            type='Pretrained',
            checkpoint='ipdfer_mm://ipdfer_rendered',
            prefix='identity_encoder.backbone.')),
    neck=dict(
        _delete_=True,
        type='mmpretrain.LinearNeck',
        in_channels=feat_channels * 4 * 4,
        out_channels=feat_channels,
        gap_dim=0,
        norm_cfg=None),
    head=dict(in_channels=feat_channels))

max_epochs = 40
optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = dict(
    _delete_=True,
    type='CosineAnnealingLR',
    by_epoch=True,
    convert_to_iter_based=True)
train_cfg = dict(max_epochs=max_epochs)
auto_scale_lr = dict(base_batch_size=16)
