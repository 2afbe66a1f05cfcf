# docs/findings.md: steps 1 and 3 with one Adam state for the two encoders,
# where ipdfer_rendered.py has two.
_base_ = './ipdfer_rendered.py'

optimizer = dict(fused=True, **_base_.adam)
optim_wrapper = dict(
    _delete_=True,
    constructor='AlternatingOptimWrapperConstructor',
    encoders=dict(
        type='Bfloat16OptimWrapper',
        optimizer=optimizer,
        modules=[
            'pose_encoder', 'pose_head', 'expression_encoder',
            'expression_head', 'decoder'
        ]),
    discriminator=dict(
        type='Bfloat16OptimWrapper',
        optimizer=optimizer,
        modules=['discriminator']))
