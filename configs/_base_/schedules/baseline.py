# Section 4.2's schedule for a plain classifier.
optim_wrapper = dict(optimizer=dict(type='Adam', lr=1e-4))

param_scheduler = dict(
    type='MultiStepLR', by_epoch=True, milestones=[10, 20], gamma=0.1)

train_cfg = dict(by_epoch=True, max_epochs=30, val_interval=1)
val_cfg = dict()
test_cfg = dict()

model_wrapper_cfg = dict(
    type='MMDistributedDataParallel',
    device_ids=None,
    broadcast_buffers=False,
    find_unused_parameters=False)

# --auto-scale-lr scales the learning rate from this batch size.
auto_scale_lr = dict(base_batch_size=32, enable=False)
