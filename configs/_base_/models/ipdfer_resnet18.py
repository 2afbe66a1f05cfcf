# IPD-FER as Section 4.2 of the paper has it: the three encoders and the
# discriminator are ResNet-18 and start from one that recognizes faces;
# features have 512 dimensions.

# The face-recognition network comes with the package. FACE_CHECKPOINT in the
# environment names another one, of ResNet-18, such as that of
# configs/pretrain/resnet18_arcface_casia.py.
packaged = 'ipdfer_mm://face_resnet18'
face_checkpoint = '{{$FACE_CHECKPOINT:ipdfer_mm://face_resnet18}}'
pretrained = dict(type='Pretrained', checkpoint=face_checkpoint)
# Its identity feature is signed, by a linear layer. A pooled one, as of other
# files, is never negative, and so cannot be made orthogonal (Eq. 3) to an
# expression feature that is pooled, too, unless the two share no channel.
identity_neck = None
if face_checkpoint == packaged:
    identity_neck = dict(
        type='mmpretrain.LinearNeck',
        in_channels=512,
        out_channels=512,
        gap_dim=2,
        norm_cfg=None)
num_classes = 7
num_pose_classes = 5
resnet18 = dict(type='mmpretrain.ResNet', depth=18)

model = dict(
    type='IPDFERModel',
    identity_encoder=dict(
        type='IdentityEncoder',
        backbone=resnet18,
        neck=identity_neck,
        init_cfg=pretrained),
    pose_encoder=dict(
        type='FaceEncoder', backbone=resnet18, init_cfg=pretrained),
    pose_head=dict(
        type='LinearClsHead',
        _scope_='mmpretrain',
        num_classes=num_pose_classes,
        in_channels=512),
    expression_encoder=dict(
        type='FaceEncoder', backbone=resnet18, init_cfg=pretrained),
    expression_head=dict(
        type='LinearClsHead',
        _scope_='mmpretrain',
        num_classes=num_classes,
        in_channels=512),
    decoder=dict(type='FaceDecoder', in_channels=512, img_size=112),
    discriminator=dict(
        type='ExpressionDiscriminator',
        backbone=resnet18,
        head=dict(
            type='LinearClsHead',
            _scope_='mmpretrain',
            num_classes=num_classes,
            in_channels=512),
        init_cfg=pretrained),
    loss_exp=dict(type='mmpretrain.CrossEntropyLoss'),  # Eq. 5
    loss_pose=dict(type='mmpretrain.CrossEntropyLoss'),  # Eq. 6
    loss_disc=dict(type='mmpretrain.CrossEntropyLoss'),  # Eq. 8
    # lambda_1, Eq. 9
    loss_adv_neutral=dict(
        type='mmpretrain.CrossEntropyLoss', loss_weight=0.001),
    # lambda_2, Eq. 10
    loss_adv_exp=dict(type='mmpretrain.CrossEntropyLoss', loss_weight=0.001),
    # lambda_3, Eq. 2
    loss_id=dict(type='IdentityConsistencyLoss', loss_weight=1.0),
    # lambda_4, Eq. 1
    loss_recon=dict(type='ReconstructionLoss', loss_weight=10.0),
    # beta_1, Eq. 3
    loss_cos=dict(type='OrthogonalityLoss', loss_weight=0.5),
    # beta_2, Eq. 4
    loss_confusion=dict(type='UniformConfusionLoss', loss_weight=1.0))
