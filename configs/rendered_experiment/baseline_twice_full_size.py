# docs/findings.md: the baseline with as many updates as the expression encoder
# of IPD-FER gets, see baseline_twice_rendered.py.
_base_ = './baseline_full_size.py'

max_epochs = 12
train_cfg = dict(max_epochs=max_epochs)
