# CMU Face Images (UCI dataset 124): 20 subjects, 4 head poses, 4 expressions,
# with and without sunglasses. CMU_FACES_ROOT in the environment names another
# place; the folder holds faces/<subject>/*.pgm.
data_root = '{{$CMU_FACES_ROOT:data/cmu_faces}}'
# Five landmarks and yaw of each image, relative to data_root. None: a
# center crop, and the yaw that the name of the file stands for.
landmark_file = 'labels.csv'

# The faces are about 36x53 pixels: nothing is lost in a square of 64.
img_size = 64

# Of the folds 0 to 3 of five subjects each the one that is tested, on a model
# that has not seen them.
fold = int('{{$CMU_FACES_FOLD:3}}')

train_pipeline = [
    dict(type='LoadFaceImage'),
    dict(type='AlignFace', size=img_size),
    # Few images of few subjects: move, zoom and light them. A border of 6
    # pixels repeats the edge; then a square of 58 to 71 of the 76 pixels is
    # cut anywhere in it.
    dict(
        type='mmpretrain.RandomCrop',
        crop_size=img_size + 12,
        padding=6,
        padding_mode='edge'),
    dict(
        type='mmpretrain.RandomResizedCrop',
        scale=img_size,
        crop_ratio_range=(0.58, 0.88),
        aspect_ratio_range=(0.95, 1.05)),
    dict(type='mmpretrain.ColorJitter', brightness=0.25, contrast=0.25),
    dict(type='mmpretrain.RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackFaceInputs'),
]
test_pipeline = [
    dict(type='LoadFaceImage'),
    dict(type='AlignFace', size=img_size),
    dict(type='PackFaceInputs'),
]

train_dataloader = dict(
    batch_size=16,
    num_workers=1,
    persistent_workers=False,  # see EpochSeedHook
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    drop_last=True,  # batch norm needs more than one sample
    dataset=dict(
        type='CMUFaces',
        data_root=data_root,
        fold=fold,
        split='train',
        landmark_file=landmark_file,
        pipeline=train_pipeline))
val_dataloader = dict(
    batch_size=64,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='CMUFaces',
        data_root=data_root,
        fold=fold,
        split='test',
        landmark_file=landmark_file,
        test_mode=True,
        pipeline=test_pipeline))
test_dataloader = val_dataloader

val_evaluator = [
    dict(type='mmpretrain.Accuracy', topk=(1, )),
    dict(type='mmpretrain.SingleLabelMetric'),
    # Sad and angry faces were acted on request, and many look neutral.
    dict(type='ClassSubsetAccuracy', classes=('happiness', 'neutral')),
]
test_evaluator = val_evaluator
