# docs/findings.md: the baseline on FERPlus, ResNet-18 of a quarter of the
# width from the packaged face-recognition network of that size.
_base_ = [
    '../_base_/models/baseline_resnet18.py',
    '../_base_/datasets/ferplus_small.py',
    '../_base_/schedules/baseline.py',
    '../_base_/default_runtime.py',
]

feat_channels = 128
model = dict(
    backbone=dict(
        stem_channels=16,
        base_channels=16,
        strides=(1, 2, 2, 1),
        init_cfg=dict(
            type='Pretrained',
            checkpoint='ipdfer_mm://face_resnet18_small')),
    head=dict(num_classes=8, in_channels=feat_channels))

max_epochs = 6
optim_wrapper = dict(
    type='Bfloat16OptimWrapper', optimizer=dict(lr=1e-3, fused=True))
param_scheduler = dict(
    _delete_=True,
    type='CosineAnnealingLR',
    by_epoch=True,
    convert_to_iter_based=True)
train_cfg = dict(max_epochs=max_epochs)
