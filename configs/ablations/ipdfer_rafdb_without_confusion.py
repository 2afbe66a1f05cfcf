# Table 9, first row: IPD-FER on RAF-DB without L_confusion.
_base_ = '../ipdfer_rafdb.py'

model = dict(loss_confusion=None)
