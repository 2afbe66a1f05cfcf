# The baseline on the CMU Face Images: the encoder of ipdfer_cmufaces.py, its
# neck included, as a plain classifier of mmpretrain.
_base_ = [
    './_base_/models/baseline_resnet18.py',
    './_base_/datasets/cmu_faces.py',
    './_base_/schedules/baseline.py',
    './_base_/default_runtime.py',
]

num_classes = 4
feat_channels = 128

model = dict(
    backbone=dict(stem_channels=32, base_channels=32),
    neck=dict(
        _delete_=True,
        type='mmpretrain.LinearNeck',
        in_channels=256,
        out_channels=feat_channels,
        gap_dim=2,
        norm_cfg=None),
    head=dict(num_classes=num_classes, in_channels=feat_channels))
