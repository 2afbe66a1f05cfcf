# docs/ipdfer_plus.md: IPDFERPlus with the settings of ipdfer_ferplus_small.py.
_base_ = './ipdfer_ferplus_small.py'

feat_channels = 128
neck = dict(
    type='mmpretrain.LinearNeck',
    in_channels=feat_channels,
    out_channels=feat_channels,
    gap_dim=2,
    norm_cfg=dict(type='BN1d'))
model = dict(
    type='IPDFERPlus',
    identity_encoder=dict(normalize=True),
    pose_encoder=dict(neck=neck),
    expression_encoder=dict(neck=neck),
    loss_cos=None,
    loss_confusion=None)
default_hooks = dict(pose_erasure=dict(type='PoseErasureHook'))
