# IPD-FER on RAF-DB without a face-recognition ResNet-18 of your own: the
# identity encoder is InceptionResnetV1 trained on CASIA-WebFace, which
# facenet-pytorch downloads, the rest starts from ImageNet.
_base_ = './ipdfer_rafdb.py'

imagenet = dict(type='Pretrained', checkpoint='torchvision://resnet18')

model = dict(
    identity_encoder=dict(
        backbone=dict(_delete_=True, type='InceptionResnetV1'),
        neck=None,
        # What facenet-pytorch calls fixed image standardization.
        mean=(127.5, ) * 3,
        std=(128.0, ) * 3,
        input_size=160,
        init_cfg=dict(
            type='Pretrained', checkpoint='facenet://casia-webface')),
    pose_encoder=dict(init_cfg=imagenet),
    expression_encoder=dict(init_cfg=imagenet),
    discriminator=dict(init_cfg=imagenet))
