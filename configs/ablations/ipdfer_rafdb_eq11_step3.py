# The other reading of Algorithm 1's line 4: step 3 minimizes Eq. 11 and
# L_confusion, without L_c and L_cos.
_base_ = '../ipdfer_rafdb.py'

model = dict(classify_in_generator_step=False)
