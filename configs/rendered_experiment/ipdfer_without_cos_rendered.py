# docs/findings.md: Table 9, second row, on rendered subjects: IPD-FER without
# L_cos.
_base_ = './ipdfer_rendered.py'

model = dict(loss_cos=None)
