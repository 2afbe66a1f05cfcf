# Table 9: without the discriminator D, and so without its losses.
_base_ = '../ipdfer_rafdb.py'

model = dict(
    discriminator=None,
    loss_disc=None,
    loss_adv_neutral=None,
    loss_adv_exp=None)

optim_wrapper = dict(
    _delete_=True,
    constructor='AlternatingOptimWrapperConstructor',
    encoders={{_base_.optim_wrapper.encoders}},
    generator={{_base_.optim_wrapper.generator}})
