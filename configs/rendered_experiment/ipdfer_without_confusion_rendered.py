# docs/findings.md: Table 9, first row, on rendered subjects: IPD-FER without
# L_confusion.
_base_ = './ipdfer_rendered.py'

model = dict(loss_confusion=None)
