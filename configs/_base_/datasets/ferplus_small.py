# docs/findings.md: FERPlus at 64x64 pixels, which the photographs of 48x48
# do not fill. Chosen on PublicTest without the images that are in train;
# reported on PrivateTest, official and clean.
_base_ = './ferplus.py'

img_size = 64

train_pipeline = [
    dict(type='LoadFaceImage'),
    dict(type='Resize', scale=(img_size, img_size)),
    dict(type='mmpretrain.RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackFaceInputs'),
]
test_pipeline = [
    dict(type='LoadFaceImage'),
    dict(type='Resize', scale=(img_size, img_size)),
    dict(type='PackFaceInputs'),
]
train_dataloader = dict(
    num_workers=1, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(
    num_workers=1,
    dataset=dict(pipeline=test_pipeline, drop_flags=['also_in_train']))
test_dataloader = dict(num_workers=1, dataset=dict(pipeline=test_pipeline))

test_evaluator = [
    dict(type='mmpretrain.Accuracy', topk=(1, )),
    dict(type='mmpretrain.SingleLabelMetric'),
    dict(type='CleanAccuracy'),
    dict(type='PoseAccuracy'),
]
