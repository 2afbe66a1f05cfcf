# IPD-FER on CK+, which is ID-FER: the heads are frontal, so Section 4.2 leaves
# out the pose encoder and its losses. One fold of ten, see
# _base_/datasets/ckplus.py.
_base_ = [
    './_base_/models/ipdfer_resnet18.py',
    './_base_/datasets/ckplus.py',
    './_base_/schedules/ipdfer.py',
    './_base_/ipdfer_runtime.py',
]

# The expressions and neutral.
num_classes = _base_.num_expressions + 1

model = dict(
    pose_encoder=None,
    pose_head=None,
    loss_pose=None,
    loss_confusion=None,
    expression_head=dict(num_classes=num_classes),
    discriminator=dict(head=dict(num_classes=num_classes)))
