# docs/findings.md: Table 9, third row, on rendered subjects: IPD-FER without
# L_id.
_base_ = './ipdfer_rendered.py'

model = dict(loss_id=None)
