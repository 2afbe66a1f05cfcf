# docs/findings.md: Table 9, fourth row, on rendered subjects: IPD-FER without
# D.
_base_ = './ipdfer_rendered.py'

model = dict(
    discriminator=None,
    loss_disc=None,
    loss_adv_neutral=None,
    loss_adv_exp=None)
