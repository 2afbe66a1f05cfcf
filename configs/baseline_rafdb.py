# The paper's baseline on RAF-DB: the encoder of IPD-FER as a plain
# classifier of mmpretrain, on the same faces, from the same weights and with
# the same schedule.
_base_ = [
    './_base_/models/baseline_resnet18.py',
    './_base_/datasets/rafdb.py',
    './_base_/schedules/baseline.py',
    './_base_/default_runtime.py',
]
