# Table 9: without L_id.
_base_ = '../ipdfer_rafdb.py'

model = dict(loss_id=None)
