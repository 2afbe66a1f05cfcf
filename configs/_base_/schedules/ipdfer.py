# Section 4.2: Adam, learning rate 1e-4, times 0.1 every 10 epochs, 30 epochs.
adam = dict(type='Adam', lr=1e-4)

# One optimizer for each step of Algorithm 1. The model says what a step
# trains; the two encoders belong to two, with an Adam state in each.
optim_wrapper = dict(
    constructor='AlternatingOptimWrapperConstructor',
    encoders=dict(optimizer=adam),
    discriminator=dict(optimizer=adam),
    generator=dict(optimizer=adam))

param_scheduler = dict(
    type='MultiStepLR', by_epoch=True, milestones=[10, 20], gamma=0.1)

train_cfg = dict(by_epoch=True, max_epochs=30, val_interval=1)
val_cfg = dict()
test_cfg = dict()

# One distributed wrapper for each child, because they are trained in turns.
model_wrapper_cfg = dict(
    type='MMSeparateDistributedDataParallel',
    device_ids=None,
    broadcast_buffers=False,
    find_unused_parameters=False)

# --auto-scale-lr scales the learning rate from this batch size.
auto_scale_lr = dict(base_batch_size=32, enable=False)
