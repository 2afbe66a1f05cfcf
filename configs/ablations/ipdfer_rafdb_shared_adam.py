# Steps 1 and 3 of Algorithm 1 with one Adam state for the two encoders, where
# ipdfer_rafdb.py has two. Each step still trains only what is its own.
_base_ = '../ipdfer_rafdb.py'

model = dict(type='SharedAdamIPDFER')
