# IPD-FER on the rendered benchmark with the weights of the losses and the
# schedule of Section 4.2.
_base_ = './ipdfer_rendered.py'

model = dict(
    loss_adv_neutral=dict(loss_weight=0.001),  # lambda_1
    loss_adv_exp=dict(loss_weight=0.001),  # lambda_2
    loss_id=dict(loss_weight=1.0),  # lambda_3
    loss_recon=dict(loss_weight=10.0))  # lambda_4

train_dataloader = dict(batch_size=32)
adam = dict(type='Adam', lr=1e-4)
optim_wrapper = dict(
    encoders=dict(optimizer=adam),
    discriminator=dict(optimizer=adam),
    generator=dict(optimizer=dict(_delete_=True, **adam)))
param_scheduler = dict(
    _delete_=True,
    type='MultiStepLR',
    by_epoch=True,
    milestones=[10, 20],
    gamma=0.1)
train_cfg = dict(max_epochs=30)
auto_scale_lr = dict(base_batch_size=32)
