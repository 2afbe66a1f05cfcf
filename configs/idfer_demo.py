# ID-FER on the rendered subjects of the demo: no pose encoder.
_base_ = './ipdfer_demo.py'

model = dict(
    pose_encoder=None, pose_head=None, loss_pose=None, loss_confusion=None)
