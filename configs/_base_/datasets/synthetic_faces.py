# Rendered faces: no subject is in two splits, and each image has a paired
# neutral image. They are rendered when a dataset is loaded first and kept in
# this folder; SYNTHETIC_FACES_ROOT in the environment names another place.
data_root = '{{$SYNTHETIC_FACES_ROOT:data/synthetic_faces}}'
# None: the head built into ipdfer_mm. Or a file that
# tools/dataset_converters/ict_facekit.py wrote.
face_model = None
img_size = 64

train_pipeline = [
    dict(type='LoadFaceImage'),
    dict(type='mmpretrain.RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackFaceInputs'),
]
test_pipeline = [
    dict(type='LoadFaceImage'),
    dict(type='PackFaceInputs'),
]

train_dataloader = dict(
    batch_size=32,
    num_workers=1,
    persistent_workers=False,  # see EpochSeedHook
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    drop_last=True,  # batch norm needs more than one sample
    dataset=dict(
        type='SyntheticFaces',
        data_root=data_root,
        split='train',
        face_model=face_model,
        num_subjects=1000,
        num_images=3000,
        img_size=img_size,
        pipeline=train_pipeline))
# Images in multiples of 35: 7 expressions x 5 yaw bins.
val_dataloader = dict(
    batch_size=64,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='SyntheticFaces',
        data_root=data_root,
        split='val',
        face_model=face_model,
        num_subjects=70,
        num_images=350,
        img_size=img_size,
        test_mode=True,
        pipeline=test_pipeline))
test_dataloader = dict(
    batch_size=64,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='SyntheticFaces',
        data_root=data_root,
        split='test',
        face_model=face_model,
        num_subjects=100,
        num_images=700,
        img_size=img_size,
        test_mode=True,
        pipeline=test_pipeline))

accuracy = [
    dict(type='mmpretrain.Accuracy', topk=(1, )),
    dict(type='mmpretrain.SingleLabelMetric'),
]
# The checkpoints keep which scores carry a label.
val_evaluator = [*accuracy, dict(type='Reliability')]
test_evaluator = [
    *accuracy,
    dict(type='PoseAccuracy'),
    dict(type='mmpretrain.ConfusionMatrix'),
]
