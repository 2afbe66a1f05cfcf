# Beyond the paper, and cheaper: steps 1 and 3 of Algorithm 1 share one pass of
# the encoders and update them once, by the sum of their losses.
_base_ = '../ipdfer_rafdb.py'

model = dict(type='SharedForwardIPDFER')
