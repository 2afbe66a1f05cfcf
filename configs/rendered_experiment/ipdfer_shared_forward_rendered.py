# docs/benchmark.md: steps 1 and 3 share one pass of the encoders, and update
# them once.
_base_ = './ipdfer_rendered.py'

model = dict(type='SharedForwardIPDFER')
