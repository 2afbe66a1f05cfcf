# Pre-train a face-recognition ResNet-18, Section 4.2, from which the paper's
# configs can start in place of the packaged one, on CASIA-WebFace aligned to
# 112x112 with the ArcFace template, one folder a subject:
# data/casia_webface/<subject>/<image>.jpg. Verified on the pairs of LFW,
# aligned likewise; leave that out with --no-validate. The checkpoint loads as
# it is: FACE_CHECKPOINT=work_dirs/.../epoch_20.pth.
_base_ = '../_base_/default_runtime.py'

data_root = '{{$CASIA_ROOT:data/casia_webface}}'
num_subjects = 10575
lfw_root = '{{$LFW_ROOT:data/lfw}}'

model = dict(
    type='FaceRecognizer',
    data_preprocessor=dict(
        type='mmpretrain.ClsDataPreprocessor',
        mean=(127.5, ) * 3,
        std=(127.5, ) * 3,
        to_rgb=True),
    backbone=dict(type='mmpretrain.ResNet', depth=18),
    neck=dict(type='mmpretrain.GlobalAveragePooling'),
    head=dict(
        type='ArcFaceClsHead',
        _scope_='mmpretrain',
        num_classes=num_subjects,
        in_channels=512,
        scale=64.0,
        margins=0.5))

train_dataloader = dict(
    batch_size=512,
    num_workers=8,
    persistent_workers=False,  # see EpochSeedHook
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    drop_last=True,
    dataset=dict(
        type='mmpretrain.CustomDataset',
        data_root=data_root,
        pipeline=[
            dict(type='LoadFaceImage'),
            dict(type='Resize', scale=(112, 112)),
            dict(type='mmpretrain.RandomFlip', prob=0.5),
            dict(type='mmpretrain.PackInputs'),
        ]))

val_dataloader = dict(
    batch_size=128,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='LFWPairs',
        data_root=lfw_root,
        pipeline=[
            dict(type='LoadFaceImage'),
            dict(type='Resize', scale=(112, 112)),
            dict(type='PackFaceInputs'),
        ]))
test_dataloader = val_dataloader
val_evaluator = [
    dict(type='VerificationMetric', false_accept_rates=(1e-3, 1e-2))
]
test_evaluator = val_evaluator

optim_wrapper = dict(
    optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=5e-4))
param_scheduler = dict(
    type='MultiStepLR', by_epoch=True, milestones=[10, 15, 18], gamma=0.1)
train_cfg = dict(by_epoch=True, max_epochs=20, val_interval=1)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(base_batch_size=512, enable=False)

default_hooks = dict(checkpoint=dict(save_best='verification/auc'))
model_wrapper_cfg = dict(
    type='MMDistributedDataParallel',
    device_ids=None,
    broadcast_buffers=False,
    find_unused_parameters=False)
