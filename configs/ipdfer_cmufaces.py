# IPD-FER on the CMU Face Images, small enough for a laptop without a GPU.
_base_ = [
    './_base_/models/ipdfer_resnet18.py',
    './_base_/datasets/cmu_faces.py',
    './_base_/schedules/cmu_faces.py',
    './_base_/ipdfer_runtime.py',
]

# A face-recognition network with 128-dimensional features: MobileFaceNet.
# IDENTITY_CHECKPOINT in the environment names another place.
identity_checkpoint = \
    '{{$IDENTITY_CHECKPOINT:weights/mobilefacenet_ms1m.safetensors}}'
mobilefacenet = dict(_delete_=True, type='MobileFaceNet')
pretrained = dict(type='Pretrained', checkpoint=identity_checkpoint)

# The expression encoder starts from it, too (Section 4.2): with 15 people to
# learn from, one that starts from random weights stays at chance. The pose
# encoder and the discriminator learn from scratch; they are ResNet-18 of half
# the width, and a linear neck brings the pose to the identity's width.
num_classes = 4
feat_channels = 128
resnet18 = dict(stem_channels=32, base_channels=32)

model = dict(
    identity_encoder=dict(
        backbone=mobilefacenet,
        mean=(123.675, 116.28, 103.53),
        std=(58.395, 57.12, 57.375),
        init_cfg=pretrained),
    pose_encoder=dict(
        backbone=resnet18,
        neck=dict(
            type='mmpretrain.LinearNeck',
            in_channels=256,
            out_channels=feat_channels,
            gap_dim=2,
            norm_cfg=None)),
    pose_head=dict(in_channels=feat_channels),
    expression_encoder=dict(
        backbone=mobilefacenet, neck=None, init_cfg=pretrained),
    expression_head=dict(num_classes=num_classes, in_channels=feat_channels),
    decoder=dict(in_channels=feat_channels, widths=(256, 128, 64, 32, 16)),
    discriminator=dict(
        backbone=resnet18,
        head=dict(num_classes=num_classes, in_channels=256)),
    # lambda_4 (paper: 10). With few iterations the gradient of the
    # classification losses on the encoders hides that of L_recon at 10, and
    # the faces stay blurred.
    loss_recon=dict(loss_weight=50.0))
