# Beyond the paper, and cheaper: the discriminator and the generator (steps 2
# and 3 of Algorithm 1) are trained in every 8th iteration.
_base_ = '../ipdfer_rafdb.py'

model = dict(type='LazyIPDFER', generator_interval=8)
