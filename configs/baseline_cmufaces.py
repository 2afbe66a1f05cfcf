# The baseline on the CMU Face Images: the expression encoder of
# ipdfer_cmufaces.py as a plain classifier, from the same weights.
_base_ = [
    './_base_/models/baseline_resnet18.py',
    './_base_/datasets/cmu_faces.py',
    './_base_/schedules/baseline.py',
    './_base_/default_runtime.py',
]

identity_checkpoint = \
    '{{$IDENTITY_CHECKPOINT:weights/mobilefacenet_ms1m.safetensors}}'

model = dict(
    backbone=dict(
        _delete_=True,
        type='MobileFaceNet',
        resize=True,
        init_cfg=dict(type='Pretrained', checkpoint=identity_checkpoint)),
    neck=None,
    head=dict(num_classes=4, in_channels=128))

# The schedule of _base_/schedules/cmu_faces.py.
optim_wrapper = dict(optimizer=dict(lr=5e-4))
param_scheduler = dict(
    _delete_=True,
    type='CosineAnnealingLR',
    by_epoch=True,
    convert_to_iter_based=True)
train_cfg = dict(max_epochs=40)
auto_scale_lr = dict(base_batch_size=16)
