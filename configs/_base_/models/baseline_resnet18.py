# The paper's baseline: ResNet-18, from a face-recognition network, and a
# linear classifier.

# See ipdfer_resnet18.py.
face_checkpoint = '{{$FACE_CHECKPOINT:ipdfer_mm://face_resnet18}}'
num_classes = 7

model = dict(
    type='mmpretrain.ImageClassifier',
    data_preprocessor=dict(
        type='mmpretrain.ClsDataPreprocessor',
        mean=(127.5, ) * 3,
        std=(127.5, ) * 3,
        to_rgb=True),
    backbone=dict(
        type='mmpretrain.ResNet',
        depth=18,
        init_cfg=dict(type='Pretrained', checkpoint=face_checkpoint)),
    neck=dict(type='mmpretrain.GlobalAveragePooling'),
    head=dict(
        type='mmpretrain.LinearClsHead',
        num_classes=num_classes,
        in_channels=512,
        loss=dict(type='mmpretrain.CrossEntropyLoss')))
