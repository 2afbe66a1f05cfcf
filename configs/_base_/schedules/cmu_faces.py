# IPD-FER on a few hundred images: larger learning rates and more epochs than
# Section 4.2, and the rate falls smoothly.
_base_ = './ipdfer.py'

adam = dict(type='Adam', lr=5e-4)
optim_wrapper = dict(
    encoders=dict(optimizer=adam),
    discriminator=dict(optimizer=adam),
    generator=dict(
        optimizer=dict(type='Adam', lr=1e-3, betas=(0.5, 0.999))))
param_scheduler = dict(
    _delete_=True,
    type='CosineAnnealingLR',
    by_epoch=True,
    convert_to_iter_based=True)
train_cfg = dict(max_epochs=40)
auto_scale_lr = dict(base_batch_size=16)
