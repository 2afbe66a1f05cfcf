# Table 9, third row: IPD-FER on RAF-DB without L_id.
_base_ = '../ipdfer_rafdb.py'

model = dict(loss_id=None)
