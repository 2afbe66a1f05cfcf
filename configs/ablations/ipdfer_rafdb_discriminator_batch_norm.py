# In step 3 D normalizes the synthesized images by their own statistics,
# where ipdfer_rafdb.py takes those of the real images.
_base_ = '../ipdfer_rafdb.py'

model = dict(type='DiscriminatorBatchNormIPDFER')
