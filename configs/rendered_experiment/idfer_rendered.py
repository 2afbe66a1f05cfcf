# docs/findings.md: ID-FER, like ipdfer_rendered.py but no pose encoder.
_base_ = './ipdfer_rendered.py'

model = dict(
    pose_encoder=None, pose_head=None, loss_pose=None, loss_confusion=None)
