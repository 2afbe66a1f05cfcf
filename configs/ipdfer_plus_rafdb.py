# IPDFERPlus on RAF-DB, otherwise with the settings of the paper's Section 4.2.
_base_ = [
    './_base_/models/ipdfer_plus_resnet18.py',
    './_base_/datasets/rafdb.py',
    './_base_/schedules/ipdfer.py',
    './_base_/ipdfer_runtime.py',
]

# One image in five is neutral.
model = dict(loss_recon=dict(neutral_weight=5.0))

default_hooks = dict(pose_erasure=dict(type='PoseErasureHook'))
