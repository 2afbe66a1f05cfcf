# IPD-FER on RAF-DB with the settings of the paper's Section 4.2.
_base_ = [
    './_base_/models/ipdfer_resnet18.py',
    './_base_/datasets/rafdb.py',
    './_base_/schedules/ipdfer.py',
    './_base_/ipdfer_runtime.py',
]

# The face-recognition network that the three encoders and the discriminator
# start from: ResNet-18, e.g. from configs/pretrain/resnet18_arcface_casia.py.
# FACE_CHECKPOINT in the environment names another place.
face_checkpoint = '{{$FACE_CHECKPOINT:weights/resnet18_face.pth}}'
pretrained = dict(type='Pretrained', checkpoint=face_checkpoint)

model = dict(
    identity_encoder=dict(init_cfg=pretrained),
    pose_encoder=dict(init_cfg=pretrained),
    expression_encoder=dict(init_cfg=pretrained),
    discriminator=dict(init_cfg=pretrained))
