# IPDFERPlus on FERPlus, otherwise with the settings of the paper's Section
# 4.2.
_base_ = [
    './_base_/models/ipdfer_plus_resnet18.py',
    './_base_/datasets/ferplus.py',
    './_base_/schedules/ipdfer.py',
    './_base_/ipdfer_runtime.py',
]

num_classes = 8  # with contempt

model = dict(
    expression_head=dict(num_classes=num_classes),
    discriminator=dict(head=dict(num_classes=num_classes)),
    # One image in three is neutral.
    loss_recon=dict(neutral_weight=3.0))

default_hooks = dict(pose_erasure=dict(type='PoseErasureHook'))
