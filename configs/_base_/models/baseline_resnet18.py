# The paper's baseline: ResNet-18 and a linear classifier.
num_classes = 7

model = dict(
    type='mmpretrain.ImageClassifier',
    data_preprocessor=dict(
        type='mmpretrain.ClsDataPreprocessor',
        mean=(127.5, ) * 3,
        std=(127.5, ) * 3,
        to_rgb=True),
    backbone=dict(type='mmpretrain.ResNet', depth=18),
    neck=dict(type='mmpretrain.GlobalAveragePooling'),
    head=dict(
        type='mmpretrain.LinearClsHead',
        num_classes=num_classes,
        in_channels=512,
        loss=dict(type='mmpretrain.CrossEntropyLoss')))
