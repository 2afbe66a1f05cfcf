# The paper's baseline on CK+: the encoder of ipdfer_ckplus.py as a plain
# classifier of mmpretrain, from the same weights and with the same schedule.
# One fold of ten, see _base_/datasets/ckplus.py.
_base_ = [
    './_base_/models/baseline_resnet18.py',
    './_base_/datasets/ckplus.py',
    './_base_/schedules/baseline.py',
    './_base_/default_runtime.py',
]

# The expressions and neutral.
num_classes = _base_.num_expressions + 1

model = dict(head=dict(num_classes=num_classes))
