# IPD-FER on the CMU Face Images, small enough for a laptop without a GPU.
_base_ = [
    './_base_/models/ipdfer_resnet18.py',
    './_base_/datasets/cmu_faces.py',
    './_base_/schedules/cmu_faces.py',
    './_base_/ipdfer_runtime.py',
]

# A face-recognition network with 128-dimensional features, MobileFaceNet.
# IDENTITY_CHECKPOINT in the environment names another place.
identity_checkpoint = \
    '{{$IDENTITY_CHECKPOINT:weights/mobilefacenet_ms1m.safetensors}}'
mobilefacenet = dict(_delete_=True, type='MobileFaceNet', resize=True)
pretrained = dict(type='Pretrained', checkpoint=identity_checkpoint)
# The expression encoder starts from it, too (Section 4.2). The pose encoder,
# the discriminator and the decoder start from IPD-FER on rendered subjects
# (ipdfer_rendered.py), which comes with the package: 15 subjects are too few
# to learn from scratch what faces are. An autoencoder was at 0.47 of the mean
# image's error on others after 1,000 iterations, one that started from
# rendered subjects at 0.33.
rendered = dict(type='Pretrained', checkpoint='ipdfer_mm://ipdfer_rendered')

num_classes = 4
feat_channels = 128
resnet18 = dict(stem_channels=16, base_channels=16)

model = dict(
    identity_encoder=dict(
        backbone=mobilefacenet,
        neck=None,
        mean=(123.675, 116.28, 103.53),
        std=(58.395, 57.12, 57.375),
        init_cfg=pretrained),
    pose_encoder=dict(
        backbone=dict(strides=(1, 2, 2, 1), **resnet18),
        neck=dict(
            type='mmpretrain.LinearNeck',
            in_channels=feat_channels * 4 * 4,
            out_channels=feat_channels,
            gap_dim=0,
            norm_cfg=None,
            init_cfg=dict(prefix='pose_encoder.neck', **rendered)),
        init_cfg=dict(prefix='pose_encoder.backbone', **rendered)),
    pose_head=dict(in_channels=feat_channels),
    expression_encoder=dict(
        backbone=mobilefacenet, neck=None, init_cfg=pretrained),
    expression_head=dict(num_classes=num_classes, in_channels=feat_channels),
    decoder=dict(
        in_channels=feat_channels,
        widths=(128, 64, 32, 16, 16),
        img_size=64,
        init_cfg=dict(prefix='decoder', **rendered)),
    discriminator=dict(
        backbone=resnet18,
        head=dict(num_classes=num_classes, in_channels=feat_channels),
        init_cfg=dict(prefix='discriminator.backbone', **rendered)),
    # The weights of ipdfer_rendered.py.
    loss_adv_neutral=dict(loss_weight=0.3),  # lambda_1 (paper: 0.001)
    loss_adv_exp=dict(loss_weight=0.3),  # lambda_2 (paper: 0.001)
    loss_id=dict(loss_weight=0.3),  # lambda_3 (paper: 1)
    loss_recon=dict(loss_weight=30.0))  # lambda_4 (paper: 10)
