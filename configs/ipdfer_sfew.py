# IPD-FER on SFEW 2.0 with the settings of the paper's Section 4.2.
# Table 6's better results start from the model of RAF-DB, see
# ipdfer_sfew_pretrained.py.
_base_ = [
    './_base_/models/ipdfer_resnet18.py',
    './_base_/datasets/sfew.py',
    './_base_/schedules/ipdfer.py',
    './_base_/ipdfer_runtime.py',
]

# The face-recognition network that the encoders and the discriminator start
# from, see ipdfer_rafdb.py.
face_checkpoint = '{{$FACE_CHECKPOINT:weights/resnet18_face.pth}}'
pretrained = dict(type='Pretrained', checkpoint=face_checkpoint)

model = dict(
    identity_encoder=dict(init_cfg=pretrained),
    pose_encoder=dict(init_cfg=pretrained),
    expression_encoder=dict(init_cfg=pretrained),
    discriminator=dict(init_cfg=pretrained))
