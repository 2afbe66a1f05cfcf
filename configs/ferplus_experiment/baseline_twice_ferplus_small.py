# docs/findings.md: the baseline with as many updates as the expression encoder
# of IPD-FER gets, which learns to classify in steps 1 and 3 of each iteration.
_base_ = './baseline_ferplus_small.py'

max_epochs = 12
train_cfg = dict(max_epochs=max_epochs)
