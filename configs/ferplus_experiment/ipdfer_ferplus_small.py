# docs/findings.md: IPD-FER on FERPlus, all networks ResNet-18 of a quarter of
# the width from the packaged face-recognition network of that size.
_base_ = [
    '../_base_/models/ipdfer_resnet18.py',
    '../_base_/datasets/ferplus_small.py',
    '../_base_/schedules/ipdfer.py',
    '../_base_/ipdfer_runtime.py',
]

pretrained = dict(
    type='Pretrained', checkpoint='ipdfer_mm://face_resnet18_small')
resnet18 = dict(stem_channels=16, base_channels=16, strides=(1, 2, 2, 1))
feat_channels = 128
num_classes = 8

model = dict(
    identity_encoder=dict(
        backbone=resnet18,
        neck=dict(
            _delete_=True,
            type='mmpretrain.LinearNeck',
            in_channels=feat_channels,
            out_channels=feat_channels,
            gap_dim=2,
            norm_cfg=None),
        init_cfg=pretrained),
    pose_encoder=dict(backbone=resnet18, init_cfg=pretrained),
    pose_head=dict(in_channels=feat_channels),
    expression_encoder=dict(backbone=resnet18, init_cfg=pretrained),
    expression_head=dict(num_classes=num_classes, in_channels=feat_channels),
    decoder=dict(
        in_channels=feat_channels, widths=(64, 32, 16, 8, 8), img_size=64),
    discriminator=dict(
        backbone=resnet18,
        head=dict(num_classes=num_classes, in_channels=feat_channels),
        init_cfg=pretrained))

wrapper = dict(
    type='Bfloat16OptimWrapper', optimizer=dict(lr=1e-3, fused=True))
optim_wrapper = dict(
    encoders=wrapper, discriminator=wrapper, generator=wrapper)
custom_hooks = [dict(type='ChannelsLastHook')]

max_epochs = 6
param_scheduler = dict(
    _delete_=True,
    type='CosineAnnealingLR',
    by_epoch=True,
    convert_to_iter_based=True)
train_cfg = dict(max_epochs=max_epochs)
