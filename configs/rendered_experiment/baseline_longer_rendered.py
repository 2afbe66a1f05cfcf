# docs/findings.md: the baseline with as much time as IPD-FER takes, an
# iteration of which took nine of the baseline's.
_base_ = './baseline_rendered.py'

max_epochs = 54
train_cfg = dict(max_epochs=max_epochs, val_interval=6)
