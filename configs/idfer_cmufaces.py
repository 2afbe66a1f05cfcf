# ID-FER on the CMU Face Images: no pose encoder and no pose losses.
_base_ = './ipdfer_cmufaces.py'

model = dict(
    pose_encoder=None, pose_head=None, loss_pose=None, loss_confusion=None)
