# What the paper calls IPD-FER on CK+ has no pose encoder: it is ID-FER.
_base_ = './ipdfer_ckplus.py'
