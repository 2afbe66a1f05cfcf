# Not in Table 9, but in its section's text: IPD-FER on RAF-DB without L_recon.
_base_ = '../ipdfer_rafdb.py'

model = dict(loss_recon=None)
