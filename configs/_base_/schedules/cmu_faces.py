# IPD-FER on a few hundred pictures: a larger learning rate than Section 4.2.
_base_ = './ipdfer.py'

adam = dict(type='Adam', lr=5e-4)
optim_wrapper = dict(
    encoders=dict(optimizer=adam),
    discriminator=dict(optimizer=adam),
    generator=dict(optimizer=adam))
param_scheduler = dict(milestones=[22, 27])
auto_scale_lr = dict(base_batch_size=16)
