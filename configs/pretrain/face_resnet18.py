# Distill a face-recognition network into the paper's ResNet-18 (Section 4.2):
# 512 signed features (a linear layer after the pooling), 112x112, RGB. Needs
# aligned faces without any label, and a teacher. The result comes with the
# package, ipdfer_mm://face_resnet18, and all configs of the paper start from
# it:
#   python tools/train.py configs/pretrain/face_resnet18.py
#   python tools/model_converters/export_weights.py CHECKPOINT \
#       ipdfer_mm/weights/face_resnet18.safetensors --part backbone neck --half
# ipdfer_mm/weights/README.md names the faces and the teacher of that file.
_base_ = '../_base_/default_runtime.py'

import os.path as osp  # noqa: E402

# Folders of aligned faces, separated by colons; one that is named twice is
# seen twice in an epoch. Where there is a file exclude.txt in a folder, it
# names the images and folders that are left out.
face_folders = '{{$FACE_FOLDERS:data/faces/prepared/faces}}'
# MobileFaceNet, https://github.com/foamliu/MobileFaceNet
teacher_checkpoint = '{{$TEACHER_CHECKPOINT:weights/mobilefacenet.pt}}'
# Verified on the pairs of LFW, aligned; leave it out with --no-validate.
lfw_root = '{{$LFW_ROOT:data/lfw}}'
lfw_suffix = '{{$LFW_SUFFIX:.jpg}}'
img_size = 112
feat_channels = 512

model = dict(
    type='FaceDistiller',
    data_preprocessor=dict(
        type='mmpretrain.ClsDataPreprocessor',
        mean=(127.5, ) * 3,
        std=(127.5, ) * 3,
        to_rgb=True),
    teacher=dict(
        type='IdentityEncoder',
        backbone=dict(type='MobileFaceNet'),
        mean=(123.675, 116.28, 103.53),
        std=(58.395, 57.12, 57.375),
        init_cfg=dict(type='Pretrained', checkpoint=teacher_checkpoint)),
    backbone=dict(type='mmpretrain.ResNet', depth=18),
    neck=dict(
        type='mmpretrain.LinearNeck',
        in_channels=feat_channels,
        out_channels=feat_channels,
        gap_dim=2,
        norm_cfg=None),
    feat_channels=feat_channels,
    mixup=0.5)

train_pipeline = [
    dict(type='LoadFaceImage'),
    dict(
        type='mmpretrain.RandomResizedCrop',
        scale=112,
        crop_ratio_range=(0.7, 1.0),
        aspect_ratio_range=(0.95, 1.05)),
    dict(type='mmpretrain.RandomFlip', prob=0.5),
    dict(type='mmpretrain.Rotate', angle=10.0, prob=0.3),
    dict(
        type='mmpretrain.ColorJitter',
        brightness=0.3,
        contrast=0.3,
        saturation=0.3),
    dict(type='RandomTint', std=0.25, prob=0.5),
    dict(
        type='mmpretrain.GaussianBlur',
        magnitude_range=(0.1, 1.5),
        magnitude_std='inf',
        prob=0.2),
    dict(type='PackFaceInputs'),
]
train_dataloader = dict(
    batch_size=32,
    num_workers=2,
    persistent_workers=False,  # see EpochSeedHook
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    drop_last=True,
    dataset=dict(
        type='ConcatDataset',
        datasets=[
            dict(
                type='FaceImages',
                data_root=folder,
                exclude='exclude.txt' if osp.isfile(
                    osp.join(folder, 'exclude.txt')) else None,
                pipeline=train_pipeline) for folder in face_folders.split(':')
        ]))
val_dataloader = dict(
    batch_size=64,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='LFWPairs',
        data_root=lfw_root,
        suffix=lfw_suffix,
        pipeline=[
            dict(type='LoadFaceImage'),
            dict(type='Resize', scale=(img_size, img_size)),
            dict(type='PackFaceInputs'),
        ]))
test_dataloader = val_dataloader
val_evaluator = [
    dict(type='VerificationMetric', false_accept_rates=(1e-2, ))
]
test_evaluator = val_evaluator

max_epochs = 7
optim_wrapper = dict(
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.05),
    clip_grad=dict(max_norm=5.0))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=300),
    dict(
        type='CosineAnnealingLR',
        by_epoch=True,
        convert_to_iter_based=True),
]
train_cfg = dict(by_epoch=True, max_epochs=max_epochs, val_interval=1)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(base_batch_size=32, enable=False)

default_hooks = dict(checkpoint=dict(save_best='verification/accuracy'))
custom_hooks = [dict(type='ChannelsLastHook')]
model_wrapper_cfg = dict(
    type='MMDistributedDataParallel',
    device_ids=None,
    broadcast_buffers=False,
    find_unused_parameters=False)
