# docs/ipdfer_plus.md: IPDFERPlus with the settings of ipdfer_ferplus_small.py.
_base_ = './ipdfer_ferplus_small.py'

feat_channels = 128
model = dict(
    type='IPDFERPlus',
    identity_encoder=dict(normalize=True),
    expression_encoder=dict(
        neck=dict(
            type='mmpretrain.LinearNeck',
            in_channels=feat_channels,
            out_channels=feat_channels,
            gap_dim=2,
            norm_cfg=dict(type='BN1d'))),
    # One image in three is neutral.
    loss_recon=dict(neutral_weight=3.0),
    loss_cos=None,
    loss_confusion=None)
default_hooks = dict(pose_erasure=dict(type='PoseErasureHook'))
