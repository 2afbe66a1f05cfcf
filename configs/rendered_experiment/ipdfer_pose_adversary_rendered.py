# docs/findings.md: IPD-FER whose confusion loss asks a classifier that has
# learned to read the pose from f_exp, where the paper asks C_p.
_base_ = './ipdfer_rendered.py'

model = dict(
    type='PoseAdversaryIPDFER',
    pose_adversary=dict(
        type='StackedLinearClsHead',
        _scope_='mmpretrain',
        num_classes=5,
        in_channels=128,
        mid_channels=[128]))
