# Table 9: without L_cos.
_base_ = '../ipdfer_rafdb.py'

model = dict(loss_cos=None)
