# docs/findings.md, at full size: the identity network, ResNet-18 at 112x112
# pixels, recognizes the rendered subjects to train on and is verified on
# others.
_base_ = '../pretrain_demo.py'

import os.path as osp  # noqa: E402

face_model = '{{$SYNTHETIC_FACE_MODEL:data/ict_facekit.npz}}'
if face_model == 'data/ict_facekit.npz' and not osp.isfile(face_model):
    face_model = None  # the built-in head, as in datasets/rendered.py

num_subjects = 1500
img_size = 112

model = dict(
    backbone=dict(stem_channels=64, base_channels=64),
    head=dict(num_classes=num_subjects, in_channels=512))
train_dataloader = dict(
    num_workers=4,
    dataset=dict(
        face_model=face_model, num_subjects=num_subjects, num_images=6000,
        img_size=img_size, seed=0))
val_dataloader = dict(
    dataset=dict(
        face_model=face_model, num_subjects=70, num_images=350,
        img_size=img_size, seed=0))
test_dataloader = val_dataloader

optim_wrapper = dict(
    type='Bfloat16OptimWrapper', optimizer=dict(lr=1e-3, fused=True))
custom_hooks = [dict(type='ChannelsLastHook')]

max_epochs = 30
train_cfg = dict(max_epochs=max_epochs, val_interval=10)
