# IPD-FER on the CMU Face Images, small enough for a laptop without a GPU.
_base_ = [
    './_base_/models/ipdfer_resnet18.py',
    './_base_/datasets/cmu_faces.py',
    './_base_/schedules/ipdfer.py',
    './_base_/ipdfer_runtime.py',
]

# A face-recognition network: MobileFaceNet, 128-dimensional features.
# IDENTITY_CHECKPOINT in the environment names another place.
identity_checkpoint = \
    '{{$IDENTITY_CHECKPOINT:weights/mobilefacenet_ms1m.safetensors}}'

# ResNet-18 of half the width, with a linear neck to the width of the identity
# feature. There is no face-recognition network of this shape to start from.
num_classes = 4
feat_channels = 128
resnet18 = dict(stem_channels=32, base_channels=32)
neck = dict(
    type='mmpretrain.LinearNeck',
    in_channels=256,
    out_channels=feat_channels,
    gap_dim=2,
    norm_cfg=None)

model = dict(
    identity_encoder=dict(
        backbone=dict(_delete_=True, type='MobileFaceNet'),
        mean=(123.675, 116.28, 103.53),
        std=(58.395, 57.12, 57.375),
        input_size=112,
        init_cfg=dict(type='Pretrained', checkpoint=identity_checkpoint)),
    pose_encoder=dict(backbone=resnet18, neck=neck),
    pose_head=dict(in_channels=feat_channels),
    expression_encoder=dict(backbone=resnet18, neck=neck),
    expression_head=dict(num_classes=num_classes, in_channels=feat_channels),
    decoder=dict(
        in_channels=feat_channels, widths=(256, 128, 64, 32, 16),
        img_size=64),
    discriminator=dict(
        backbone=resnet18,
        head=dict(num_classes=num_classes, in_channels=256)))
