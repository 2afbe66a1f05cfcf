# Table 9, second row: IPD-FER on RAF-DB without L_cos.
_base_ = '../ipdfer_rafdb.py'

model = dict(loss_cos=None)
