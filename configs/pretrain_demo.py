# Pre-train the small identity network of the demo on rendered subjects:
# ArcFace on 500 subjects, verified on images of 100 others. Its weights, in
# half precision, come with the package as the identity encoder of
# ipdfer_rendered. SYNTHETIC_FACE_MODEL names a file of the ICT face model to
# render instead.
_base_ = './_base_/default_runtime.py'

data_root = '{{$SYNTHETIC_FACES_ROOT:data/synthetic_faces}}'
face_model = '{{$SYNTHETIC_FACE_MODEL:built-in}}'
if face_model == 'built-in':
    face_model = None
num_subjects = 500

model = dict(
    type='FaceRecognizer',
    data_preprocessor=dict(
        type='mmpretrain.ClsDataPreprocessor',
        mean=(127.5, ) * 3,
        std=(127.5, ) * 3,
        to_rgb=True),
    backbone=dict(
        type='mmpretrain.ResNet', depth=18, stem_channels=16,
        base_channels=16),
    neck=dict(type='mmpretrain.GlobalAveragePooling'),
    head=dict(
        type='ArcFaceClsHead',
        _scope_='mmpretrain',
        num_classes=num_subjects,
        in_channels=128,
        scale=20.0,
        margins=0.15))

faces = dict(
    type='SyntheticFaces',
    data_root=data_root,
    face_model=face_model,
    label='subject',
    img_size=64,
    # Other subjects than those of the demo.
    seed=1)
train_dataloader = dict(
    batch_size=64,
    num_workers=1,
    persistent_workers=False,  # see EpochSeedHook
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    drop_last=True,
    dataset=dict(
        split='train',
        num_subjects=num_subjects,
        num_images=8000,
        pipeline=[
            dict(type='LoadFaceImage'),
            dict(type='mmpretrain.RandomFlip', prob=0.5),
            dict(type='PackFaceInputs'),
        ],
        **faces))
val_dataloader = dict(
    batch_size=64,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        split='val',
        num_subjects=100,
        num_images=700,
        test_mode=True,
        pipeline=[
            dict(type='LoadFaceImage'),
            dict(type='PackFaceInputs'),
        ],
        **faces))
test_dataloader = val_dataloader
val_evaluator = [dict(type='VerificationMetric')]
test_evaluator = val_evaluator

optim_wrapper = dict(optimizer=dict(type='Adam', lr=2e-3))
param_scheduler = dict(
    type='CosineAnnealingLR', by_epoch=True,
    convert_to_iter_based=True)
train_cfg = dict(by_epoch=True, max_epochs=15, val_interval=3)
val_cfg = dict()
test_cfg = dict()

default_hooks = dict(checkpoint=dict(save_best='verification/auc'))
model_wrapper_cfg = dict(
    type='MMDistributedDataParallel',
    device_ids=None,
    broadcast_buffers=False,
    find_unused_parameters=False)
auto_scale_lr = dict(base_batch_size=64, enable=False)
