# ID-FER on FERPlus: no pose encoder and no pose losses (Section 4.4).
_base_ = './ipdfer_ferplus.py'

model = dict(
    pose_encoder=None, pose_head=None, loss_pose=None, loss_confusion=None)
