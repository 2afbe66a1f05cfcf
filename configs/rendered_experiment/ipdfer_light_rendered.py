# docs/benchmark.md: a generator that is trained in every 4th iteration, and a
# pose encoder, a discriminator and a decoder of half the width.
_base_ = './ipdfer_rendered.py'

resnet18 = dict(stem_channels=8, base_channels=8)
model = dict(
    type='LazyIPDFER',
    generator_interval=4,
    pose_encoder=dict(
        backbone=resnet18,
        neck=dict(in_channels=64 * 4 * 4),
        init_cfg=None),
    decoder=dict(widths=(64, 32, 16, 8, 8)),
    discriminator=dict(
        backbone=resnet18, head=dict(in_channels=64), init_cfg=None))
