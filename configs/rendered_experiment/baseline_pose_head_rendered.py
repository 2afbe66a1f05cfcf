# docs/findings.md: the baseline, whose feature is also trained to tell the
# pose: the labels that IPD-FER has, without its disentangling.
_base_ = './baseline_rendered.py'

model = dict(
    head=dict(
        type='PoseSupervisedHead',
        pose_head=dict(
            type='LinearClsHead',
            _scope_='mmpretrain',
            num_classes=5,
            in_channels=128)))
