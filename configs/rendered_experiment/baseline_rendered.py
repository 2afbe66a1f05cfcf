# docs/findings.md: the baseline, with the subjects and the epochs of
# ipdfer_rendered.py.
_base_ = '../baseline_rendered.py'

val_dataloader = dict(dataset=dict(num_subjects=200, num_images=1400))
test_dataloader = dict(dataset=dict(seed=5, num_images=2800))

optim_wrapper = dict(
    type='Bfloat16OptimWrapper', optimizer=dict(fused=True))

max_epochs = 6
train_cfg = dict(max_epochs=max_epochs)
