# docs/findings.md: ID-FER, like ipdfer_full_size.py but no pose encoder.
_base_ = './ipdfer_full_size.py'

model = dict(
    pose_encoder=None, pose_head=None, loss_pose=None, loss_confusion=None)
