# Steps 1 and 3 of Algorithm 1 with one Adam state for the two encoders, where
# ipdfer_rafdb.py has two. Each step still trains only what is its own.
_base_ = '../ipdfer_rafdb.py'

optim_wrapper = dict(
    _delete_=True,
    constructor='AlternatingOptimWrapperConstructor',
    encoders=dict(
        optimizer=_base_.adam,
        modules=[
            'pose_encoder', 'pose_head', 'expression_encoder',
            'expression_head', 'decoder'
        ]),
    discriminator=_base_.optim_wrapper.discriminator)
