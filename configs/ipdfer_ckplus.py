# IPD-FER on CK+, which is ID-FER: the heads are frontal, so Section 4.2 leaves
# out the pose encoder and its losses. One fold of ten, see
# _base_/datasets/ckplus.py.
_base_ = [
    './_base_/models/ipdfer_resnet18.py',
    './_base_/datasets/ckplus.py',
    './_base_/schedules/ipdfer.py',
    './_base_/ipdfer_runtime.py',
]

# The face-recognition network that the encoders and the discriminator start
# from, see ipdfer_rafdb.py.
face_checkpoint = '{{$FACE_CHECKPOINT:weights/resnet18_face.pth}}'
pretrained = dict(type='Pretrained', checkpoint=face_checkpoint)
# The expressions and neutral.
num_classes = _base_.num_expressions + 1

model = dict(
    identity_encoder=dict(init_cfg=pretrained),
    pose_encoder=None,
    pose_head=None,
    loss_pose=None,
    loss_confusion=None,
    expression_encoder=dict(init_cfg=pretrained),
    expression_head=dict(num_classes=num_classes),
    discriminator=dict(
        init_cfg=pretrained, head=dict(num_classes=num_classes)))
