# The demo: IPD-FER on rendered subjects, minutes on two CPU cores. All
# networks are ResNet-18 of a quarter of the width on 64x64 images. The
# identity and the expression encoder start, as in Section 4.2, from a network
# that recognizes (rendered) subjects.
_base_ = [
    './_base_/models/ipdfer_resnet18.py',
    './_base_/datasets/synthetic_faces.py',
    './_base_/schedules/ipdfer.py',
    './_base_/ipdfer_runtime.py',
]

identity = dict(
    type='Pretrained',
    checkpoint='ipdfer_mm://ipdfer_rendered',
    prefix='identity_encoder.backbone.')
# What needs long training to draw sharp faces starts from IPD-FER on other
# rendered subjects, those of the ICT face model.
rendered = dict(type='Pretrained', checkpoint='ipdfer_mm://ipdfer_rendered')
resnet18 = dict(stem_channels=16, base_channels=16)
feat_channels = 128
backbone = dict(strides=(1, 2, 2, 1), **resnet18)
neck = dict(
    type='mmpretrain.LinearNeck',
    in_channels=feat_channels * 4 * 4,
    out_channels=feat_channels,
    gap_dim=0,
    norm_cfg=None)

model = dict(
    identity_encoder=dict(
        backbone=resnet18, neck=None, init_cfg=identity),
    pose_encoder=dict(
        backbone=backbone,
        neck=dict(
            init_cfg=dict(prefix='pose_encoder.neck.', **rendered), **neck),
        init_cfg=dict(prefix='pose_encoder.backbone.', **rendered)),
    pose_head=dict(
        in_channels=feat_channels,
        init_cfg=dict(prefix='pose_head.', **rendered)),
    expression_encoder=dict(
        backbone=backbone, neck=neck, init_cfg=identity),
    expression_head=dict(in_channels=feat_channels),
    decoder=dict(
        in_channels=feat_channels,
        widths=(128, 64, 32, 16, 16),
        img_size=64,
        init_cfg=dict(prefix='decoder.', **rendered)),
    discriminator=dict(
        backbone=resnet18,
        head=dict(in_channels=feat_channels),
        init_cfg=dict(prefix='discriminator.backbone.', **rendered)),
    # The weights of ipdfer_rendered.py.
    loss_adv_neutral=dict(loss_weight=0.3),  # lambda_1 (paper: 0.001)
    loss_adv_exp=dict(loss_weight=0.3),  # lambda_2 (paper: 0.001)
    loss_id=dict(loss_weight=0.3),  # lambda_3 (paper: 1)
    loss_recon=dict(loss_weight=30.0))  # lambda_4 (paper: 10)

# About 700 iterations: larger learning rates, smaller batch.
train_dataloader = dict(
    batch_size=16, dataset=dict(num_subjects=700, num_images=1400))
val_dataloader = dict(dataset=dict(num_subjects=35, num_images=175))
adam = dict(type='Adam', lr=1e-3)
optim_wrapper = dict(
    encoders=dict(optimizer=adam),
    discriminator=dict(optimizer=adam),
    generator=dict(
        optimizer=dict(type='Adam', lr=1e-3, betas=(0.5, 0.999))))
param_scheduler = dict(
    _delete_=True,
    type='CosineAnnealingLR',
    by_epoch=True,
    convert_to_iter_based=True)
train_cfg = dict(max_epochs=8)
auto_scale_lr = dict(base_batch_size=16)
