# docs/findings.md: the baseline at the paper's size, see ipdfer_full_size.py.
_base_ = './baseline_rendered.py'

face_checkpoint = (
    '{{$FACE_CHECKPOINT:work_dirs/rendered_experiment/pretrain_full_size/epoch_30.pth}}')
feat_channels = 512
img_size = 112

model = dict(
    backbone=dict(
        stem_channels=64,
        base_channels=64,
        strides=(1, 2, 2, 2),
        init_cfg=dict(
            _delete_=True, type='Pretrained', checkpoint=face_checkpoint)),
    neck=dict(in_channels=feat_channels * 4 * 4, out_channels=feat_channels),
    head=dict(in_channels=feat_channels))

train_dataloader = dict(dataset=dict(img_size=img_size))
# The last epoch counts.
val_dataloader = dict(
    dataset=dict(img_size=img_size, num_subjects=70, num_images=350))
test_dataloader = dict(dataset=dict(img_size=img_size))
train_cfg = dict(val_interval=6)
