# AffectNet, seven expressions, either release as its authors give it out.
# AFFECTNET_ROOT in the environment names another place.
data_root = '{{$AFFECTNET_ROOT:data/affectnet}}'
# For eight classes add 'contempt', empty drop_classes, and give the heads of
# the model num_classes=8.
classes = ('anger', 'disgust', 'fear', 'happiness', 'neutral', 'sadness',
           'surprise')
drop_classes = ('contempt', )
# Aligned faces and head poses, from tools/prepare_dataset.py affectnet. None:
# the images as they are and no poses, enough for the baseline and ID-FER.
manifest = 'prepared/manifest.csv'

train_pipeline = [
    dict(type='LoadFaceImage'),
    dict(type='AlignFace', size=112),
    dict(type='mmpretrain.RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackFaceInputs'),
]
test_pipeline = [
    dict(type='LoadFaceImage'),
    dict(type='AlignFace', size=112),
    dict(type='PackFaceInputs'),
]

train_dataloader = dict(
    batch_size=32,
    num_workers=4,
    persistent_workers=False,  # see EpochSeedHook
    # Almost half of the faces are happy. To draw all classes equally often:
    # sampler=dict(type='WeightedClassSampler')
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    drop_last=True,  # batch norm needs more than one sample
    dataset=dict(
        type='AffectNet',
        data_root=data_root,
        split='train',
        metainfo=dict(classes=classes),
        drop_classes=drop_classes,
        manifest=manifest,
        pipeline=train_pipeline))
val_dataloader = dict(
    batch_size=64,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='AffectNet',
        data_root=data_root,
        split='val',
        metainfo=dict(classes=classes),
        drop_classes=drop_classes,
        manifest=manifest,
        test_mode=True,
        pipeline=test_pipeline))
test_dataloader = val_dataloader

test_evaluator = [
    dict(type='mmpretrain.Accuracy', topk=(1, )),
    dict(type='mmpretrain.SingleLabelMetric'),
]
# The checkpoints keep which scores carry a label.
val_evaluator = [*test_evaluator, dict(type='Reliability')]
