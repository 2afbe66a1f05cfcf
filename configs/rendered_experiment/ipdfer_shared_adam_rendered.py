# docs/findings.md: steps 1 and 3 with one Adam state for the two encoders,
# where ipdfer_rendered.py has two.
_base_ = './ipdfer_rendered.py'

model = dict(type='SharedAdamIPDFER')
