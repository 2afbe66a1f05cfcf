# face_resnet18.py for the small networks of a CPU: ResNet-18 of a quarter of
# the width, 128 signed features, on images of 64x64 pixels. The last stage
# keeps a map of 4x4. It comes with the package as
# ipdfer_mm://face_resnet18_small.
_base_ = './face_resnet18.py'

img_size = 64
feat_channels = 128

model = dict(
    backbone=dict(
        stem_channels=16, base_channels=16, strides=(1, 2, 2, 1)),
    neck=dict(in_channels=feat_channels, out_channels=feat_channels),
    feat_channels=feat_channels,
    img_size=img_size)

test_pipeline = [
    dict(type='LoadFaceImage'),
    dict(type='Resize', scale=(img_size, img_size)),
    dict(type='PackFaceInputs'),
]
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
