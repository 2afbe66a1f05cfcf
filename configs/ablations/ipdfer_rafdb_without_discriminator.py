# Table 9, fourth row: IPD-FER on RAF-DB without D.
_base_ = '../ipdfer_rafdb.py'

model = dict(
    discriminator=None,
    loss_disc=None,
    loss_adv_neutral=None,
    loss_adv_exp=None)
