# IPDFERPlus, docs/ipdfer_plus.md, with the networks of Section 4.2.
_base_ = './ipdfer_resnet18.py'

model = dict(
    type='IPDFERPlus',
    # Summands of like size: f_id gets a mean square of 1, and batch norm
    # gives each number of f_exp one near it.
    identity_encoder=dict(normalize=True),
    expression_encoder=dict(
        neck=dict(
            type='mmpretrain.LinearNeck',
            in_channels=512,
            out_channels=512,
            gap_dim=2,
            norm_cfg=dict(type='BN1d'))),
    # To be orthogonal to f_id, f_exp has to know it.
    loss_cos=None,
    # It asks C_p, which f_exp confuses without telling less of the pose.
    loss_confusion=None)
