# IPD-FER on the rendered benchmark, hours on two CPU cores. All networks are
# ResNet-18 of a quarter of the width on 64x64 images and start, as in
# Section 4.2, from one that recognizes (rendered) subjects.
_base_ = [
    './_base_/models/ipdfer_resnet18.py',
    './_base_/datasets/rendered.py',
    './_base_/schedules/ipdfer.py',
    './_base_/ipdfer_runtime.py',
]

# The identity network of pretrain_demo.py, which comes with the package as
# that of ipdfer_rendered.
pretrained = dict(
    type='Pretrained',
    checkpoint='ipdfer_mm://ipdfer_rendered',
    prefix='identity_encoder.backbone.')
resnet18 = dict(stem_channels=16, base_channels=16)
feat_channels = 128
# The pose and the expression encoder keep a map of 4x4, which a linear layer
# reads: pooling forgets where things are. An autoencoder of rendered faces
# with such an encoder was at 0.42 of the mean image's error after 1,200
# iterations, with a pooled one at 0.47.
encoder = dict(
    backbone=dict(strides=(1, 2, 2, 1), **resnet18),
    neck=dict(
        type='mmpretrain.LinearNeck',
        in_channels=feat_channels * 4 * 4,
        out_channels=feat_channels,
        gap_dim=0,
        norm_cfg=None),
    init_cfg=pretrained)

model = dict(
    identity_encoder=dict(
        backbone=resnet18, neck=None, init_cfg=pretrained),
    pose_encoder=encoder,
    pose_head=dict(in_channels=feat_channels),
    expression_encoder=encoder,
    expression_head=dict(in_channels=feat_channels),
    decoder=dict(
        in_channels=feat_channels, widths=(128, 64, 32, 16, 16), img_size=64),
    discriminator=dict(
        backbone=resnet18,
        head=dict(in_channels=feat_channels),
        init_cfg=pretrained),
    # lambda_1 and lambda_2 (paper: 0.001)
    loss_adv_neutral=dict(loss_weight=0.3),
    loss_adv_exp=dict(loss_weight=0.3),
    # lambda_3 (paper: 1)
    loss_id=dict(loss_weight=0.3),
    # lambda_4 (paper: 10)
    loss_recon=dict(loss_weight=30.0))

adam = dict(type='Adam', lr=1e-3)
optim_wrapper = dict(
    encoders=dict(optimizer=adam),
    discriminator=dict(optimizer=adam),
    generator=dict(
        optimizer=dict(type='Adam', lr=1e-3, betas=(0.5, 0.999))))
# The learning rate falls to 0 twice: the images still sharpen when the
# accuracy has settled.
periods = [40, 60]
param_scheduler = dict(
    _delete_=True,
    type='CosineRestartLR',
    periods=periods,
    restart_weights=[1, 1],
    eta_min=0,
    by_epoch=True,
    convert_to_iter_based=True)
train_cfg = dict(max_epochs=sum(periods))
auto_scale_lr = dict(base_batch_size=16)
