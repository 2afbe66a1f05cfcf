# docs/findings.md: ID-FER on FERPlus, ipdfer_ferplus_small.py without the pose
# encoder.
_base_ = './ipdfer_ferplus_small.py'

model = dict(
    pose_encoder=None, pose_head=None, loss_pose=None, loss_confusion=None)
