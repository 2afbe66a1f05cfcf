# FERPlus, eight expressions: fer2013new.csv of FERPlus, and fer2013.csv of
# FER2013 or the folders FER2013Train, FER2013Valid and FER2013Test.
# FERPLUS_ROOT in the environment names another place.
data_root = '{{$FERPLUS_ROOT:data/ferplus}}'
# How votes become labels to train on: 'majority', 'argmax' or 'soft'. The
# other splits keep the majority, which papers report.
label_rule = 'majority'
# Aligned faces and head poses, from tools/prepare_dataset.py ferplus. None:
# the images as they are and no poses, enough for the baseline and ID-FER.
manifest = 'prepared/manifest.csv'

train_pipeline = [
    dict(type='LoadFaceImage'),
    dict(type='Resize', scale=(112, 112)),
    dict(type='mmpretrain.RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackFaceInputs'),
]
test_pipeline = [
    dict(type='LoadFaceImage'),
    dict(type='Resize', scale=(112, 112)),
    dict(type='PackFaceInputs'),
]

train_dataloader = dict(
    batch_size=32,
    num_workers=4,
    persistent_workers=False,  # see EpochSeedHook
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    drop_last=True,  # batch norm needs more than one sample
    dataset=dict(
        type='FERPlus',
        data_root=data_root,
        split='train',
        label_rule=label_rule,
        manifest=manifest,
        pipeline=train_pipeline))
val_dataloader = dict(
    batch_size=64,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='FERPlus',
        data_root=data_root,
        split='val',
        label_rule='majority',
        manifest=manifest,
        test_mode=True,
        pipeline=test_pipeline))
# The best epoch is chosen on PublicTest; PrivateTest is what papers report.
test_dataloader = dict(
    batch_size=64,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='FERPlus',
        data_root=data_root,
        split='test',
        label_rule='majority',
        manifest=manifest,
        test_mode=True,
        pipeline=test_pipeline))

test_evaluator = [
    dict(type='mmpretrain.Accuracy', topk=(1, )),
    dict(type='mmpretrain.SingleLabelMetric'),
]
# The checkpoints keep which scores carry a label.
val_evaluator = [*test_evaluator, dict(type='Reliability')]
