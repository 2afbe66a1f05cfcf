# IPDFERPlus, docs/ipdfer_plus.md, with the networks of Section 4.2.
_base_ = './ipdfer_resnet18.py'

# Summands of like size: batch norm gives each number of f_pose and f_exp a
# mean square near 1, and f_id is scaled to the same.
neck = dict(
    type='mmpretrain.LinearNeck',
    in_channels=512,
    out_channels=512,
    gap_dim=2,
    norm_cfg=dict(type='BN1d'))
model = dict(
    type='IPDFERPlus',
    identity_encoder=dict(normalize=True),
    pose_encoder=dict(neck=neck),
    expression_encoder=dict(neck=neck),
    # To be orthogonal to f_id, f_exp has to know it.
    loss_cos=None,
    # It asks C_p, which f_exp confuses without telling less of the pose.
    loss_confusion=None)
