# The runtime of IPD-FER and its variants: what they synthesize is drawn, too.
_base_ = './default_runtime.py'

# Input, identity only, neutral and reconstruction after each epoch.
default_hooks = dict(synthesis_grid=dict(type='SynthesisGridHook'))
