# Table 9: without L_confusion.
_base_ = '../ipdfer_rafdb.py'

model = dict(loss_confusion=None)
