# The demo: IPD-FER on rendered subjects, minutes on two CPU cores. All
# networks are ResNet-18 of a quarter of the width on 64x64 images and start,
# as in Section 4.2, from one that recognizes (rendered) subjects.
_base_ = [
    './_base_/models/ipdfer_resnet18.py',
    './_base_/datasets/synthetic_faces.py',
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
# Pooled features are not negative, and all start as those of the identity:
# L_cos could part them only by switching channels off, and left the expression
# encoder at chance for hundreds of iterations. A linear layer turns them.
neck = dict(
    type='mmpretrain.LinearNeck',
    in_channels=feat_channels,
    out_channels=feat_channels,
    gap_dim=2,
    norm_cfg=None)

model = dict(
    identity_encoder=dict(
        backbone=resnet18, neck=None, init_cfg=pretrained),
    pose_encoder=dict(backbone=resnet18, neck=neck, init_cfg=pretrained),
    pose_head=dict(in_channels=feat_channels),
    expression_encoder=dict(
        backbone=resnet18, neck=neck, init_cfg=pretrained),
    expression_head=dict(in_channels=feat_channels),
    decoder=dict(
        in_channels=feat_channels, widths=(128, 64, 32, 16, 16), img_size=64),
    discriminator=dict(
        backbone=resnet18,
        head=dict(in_channels=feat_channels),
        init_cfg=pretrained),
    # lambda_4, lambda_3 (paper: 10, 1). With few iterations the gradient of
    # the classification losses on the encoders hides that of L_recon at 10,
    # and the faces stay blurred. With as much weight on L_id as in the paper
    # the decoder pleases the small identity network with patterns before it
    # draws a face.
    loss_recon=dict(loss_weight=30.0),
    loss_id=dict(loss_weight=0.3))

# About 1,500 iterations: larger learning rates, smaller batch.
train_dataloader = dict(batch_size=16)
adam = dict(type='Adam', lr=1e-3)
optim_wrapper = dict(
    encoders=dict(optimizer=adam),
    discriminator=dict(optimizer=adam),
    generator=dict(
        optimizer=dict(type='Adam', lr=2e-3, betas=(0.5, 0.999))))
param_scheduler = dict(
    _delete_=True,
    type='CosineAnnealingLR',
    by_epoch=True,
    convert_to_iter_based=True)
train_cfg = dict(max_epochs=8)
auto_scale_lr = dict(base_batch_size=16)
