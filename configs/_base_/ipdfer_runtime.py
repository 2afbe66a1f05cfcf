# The runtime of IPD-FER and its variants: what they synthesize is drawn, too.
_base_ = './default_runtime.py'

default_hooks = dict(
    # Input, identity only, neutral and reconstruction after each epoch.
    synthesis_grid=dict(type='SynthesisGridHook'),
    # On one GPU; elsewhere the log says why not.
    compile=dict(type='CompileHook', cuda_graphs=True, only_if_safe=True))
