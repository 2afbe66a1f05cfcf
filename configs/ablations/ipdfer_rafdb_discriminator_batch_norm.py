# In step 3 D normalises the synthesised pictures by their own statistics,
# where ipdfer_rafdb.py takes those of the real pictures.
_base_ = '../ipdfer_rafdb.py'

model = dict(discriminator_norm_eval=False)
