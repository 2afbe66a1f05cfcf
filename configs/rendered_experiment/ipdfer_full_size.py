# docs/findings.md: ipdfer_rendered.py at the paper's size, 112x112 pixels and
# ResNet-18 of full width, for a GPU. FACE_CHECKPOINT in the environment names
# the checkpoint of pretrain_full_size.py.
_base_ = './ipdfer_rendered.py'

face_checkpoint = (
    '{{$FACE_CHECKPOINT:work_dirs/rendered_experiment/pretrain_full_size/epoch_30.pth}}')
pretrained = dict(
    _delete_=True, type='Pretrained', checkpoint=face_checkpoint)
resnet18 = dict(stem_channels=64, base_channels=64)
feat_channels = 512
img_size = 112
# A map of 4x4 again, which 112 pixels give with the usual strides.
encoder = dict(
    backbone=dict(strides=(1, 2, 2, 2), **resnet18),
    neck=dict(in_channels=feat_channels * 4 * 4, out_channels=feat_channels),
    init_cfg=pretrained)

model = dict(
    identity_encoder=dict(backbone=resnet18, init_cfg=pretrained),
    pose_encoder=encoder,
    pose_head=dict(in_channels=feat_channels),
    expression_encoder=encoder,
    expression_head=dict(in_channels=feat_channels),
    decoder=dict(
        in_channels=feat_channels, widths=(512, 256, 128, 64, 32),
        img_size=img_size),
    discriminator=dict(
        backbone=resnet18,
        head=dict(in_channels=feat_channels),
        init_cfg=pretrained))

train_dataloader = dict(dataset=dict(img_size=img_size))
# The last epoch counts.
val_dataloader = dict(
    dataset=dict(img_size=img_size, num_subjects=70, num_images=350))
test_dataloader = dict(dataset=dict(img_size=img_size))
train_cfg = dict(val_interval=6)
