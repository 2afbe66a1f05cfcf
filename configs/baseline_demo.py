# The baseline of the demo: the expression encoder of ipdfer_demo.py as a plain
# classifier, from the same weights, with the same data and schedule.
_base_ = [
    './_base_/models/baseline_resnet18.py',
    './_base_/datasets/synthetic_faces.py',
    './_base_/schedules/baseline.py',
    './_base_/default_runtime.py',
]

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
        in_channels=128 * 4 * 4,
        out_channels=128,
        gap_dim=0,
        norm_cfg=None),
    head=dict(in_channels=128))

train_dataloader = dict(
    batch_size=16, dataset=dict(num_subjects=700, num_images=1400))
val_dataloader = dict(dataset=dict(num_subjects=35, num_images=175))
optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = dict(
    _delete_=True,
    type='CosineAnnealingLR',
    by_epoch=True,
    convert_to_iter_based=True)
train_cfg = dict(max_epochs=8)
auto_scale_lr = dict(base_batch_size=16)
