# CK+: cohn-kanade-images/, Emotion/ and Landmarks/ of its authors. CKPLUS_ROOT
# in the environment names another place.
data_root = '{{$CKPLUS_ROOT:data/ckplus}}'
# One of ten person-independent folds, 0 to 9; the result is the mean of ten
# runs: CKPLUS_FOLD=3 python tools/train.py ...
fold = int('{{$CKPLUS_FOLD:0}}')
# Table 2's settings: 7, "6 expressions and contempt", or 6.
num_expressions = int('{{$CKPLUS_EXPRESSIONS:7}}')
# Aligned images and head poses, relative to data_root; None: by the
# authors' landmarks, poses unknown.
manifest = None

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
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    drop_last=True,  # batch norm needs more than one sample
    dataset=dict(
        type='CKPlus',
        data_root=data_root,
        split='train',
        fold=fold,
        num_expressions=num_expressions,
        manifest=manifest,
        pipeline=train_pipeline))
val_dataloader = dict(
    batch_size=64,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='CKPlus',
        data_root=data_root,
        split='test',
        fold=fold,
        num_expressions=num_expressions,
        manifest=manifest,
        test_mode=True,
        pipeline=test_pipeline))
test_dataloader = val_dataloader

# Tested on frames at the peak only, among the expressions: the score of
# neutral is masked.
expressions = ('anger', 'disgust', 'fear', 'happiness', 'sadness', 'surprise',
               'contempt')
val_evaluator = [
    dict(
        type='ClassSubsetAccuracy',
        classes=expressions[:num_expressions],
        name='top1'),
]
test_evaluator = val_evaluator
