# docs/ipdfer_plus.md: IPDFERPlus with the settings of ipdfer_rendered.py.
_base_ = './ipdfer_rendered.py'

model = dict(
    type='IPDFERPlus',
    identity_encoder=dict(normalize=True),
    expression_encoder=dict(
        neck=dict(norm_cfg=dict(_delete_=True, type='BN1d'))),
    decoder=dict(widths=(64, 32, 16, 8, 8)),
    # lambda_1 and lambda_3 (ipdfer_rendered.py: 0.3)
    loss_adv_neutral=dict(loss_weight=0.03),
    loss_id=dict(loss_weight=3.0),
    # One image in seven is neutral.
    loss_recon=dict(neutral_weight=7.0),
    loss_cos=None,
    loss_confusion=None)
default_hooks = dict(pose_erasure=dict(type='PoseErasureHook'))
