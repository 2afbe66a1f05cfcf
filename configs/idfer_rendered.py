# ID-FER on the rendered benchmark: no pose encoder.
_base_ = './ipdfer_rendered.py'

model = dict(
    pose_encoder=None, pose_head=None, loss_pose=None, loss_confusion=None)
