"""A small IPD-FER model and batches for it."""

import copy

import torch
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmpretrain.structures import DataSample

from ipdfer_mm.registry import MODELS
from ipdfer_mm.utils import register_all_modules

CLASSES = ('anger', 'happiness', 'neutral', 'sadness')
WIDTH = 64  # of the features
SIZE = 32  # of the images


def resnet() -> dict:
    """An eighth-width ResNet-18.

    Without the zeros that mmpretrain starts residual branches with: gradients
    of about 1e-16 behind them would be noise that Adam scales up.
    """
    return dict(type='mmpretrain.ResNet', depth=18, stem_channels=8,
                base_channels=8, zero_init_residual=False)


def head(num_classes: int) -> dict:
    return dict(type='LinearClsHead', _scope_='mmpretrain',
                num_classes=num_classes, in_channels=WIDTH)


def model_cfg(**kwargs) -> dict:
    """Config of a small IPD-FER model."""
    encoder = dict(type='ipdfer_mm.FaceEncoder', backbone=resnet())
    return dict(
        dict(type='ipdfer_mm.IPDFERModel',
             identity_encoder=dict(encoder, type='ipdfer_mm.IdentityEncoder'),
             pose_encoder=encoder, pose_head=head(5),
             expression_encoder=encoder, expression_head=head(len(CLASSES)),
             decoder=dict(type='ipdfer_mm.FaceDecoder', in_channels=WIDTH,
                          widths=(8, ) * 5, img_size=SIZE),
             discriminator=dict(type='ipdfer_mm.ExpressionDiscriminator',
                                backbone=resnet(), head=head(len(CLASSES))),
             classes=CLASSES), **kwargs)


def build_model(**kwargs) -> torch.nn.Module:
    """Build a small model whose identity encoder counts as loaded."""
    register_all_modules()
    torch.manual_seed(0)
    model = MODELS.build(copy.deepcopy(model_cfg(**kwargs)))
    model.init_weights()
    # Larger classifiers than std 0.01, so that every gradient counts.
    for parameter in model.expression_head.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    for module in (model.pose_head, model.discriminator):
        if module is not None:
            layer = getattr(module, 'head', module)
            torch.nn.init.normal_(layer.fc.weight, std=0.3)
    model.load_state_dict(model.state_dict())
    return model.train()


def build_optim(model: torch.nn.Module, lr: float = 1e-3,
                fused: bool | None = None) -> OptimWrapperDict:
    """One Adam for each step of the model that trains something."""
    wrappers = {}
    for step, names in model.trained_by_step.items():
        parameters = [p for name in names
                      for p in getattr(model, name).parameters()]
        if parameters:
            wrappers[step] = OptimWrapper(
                torch.optim.Adam(parameters, lr=lr, fused=fused))
    return OptimWrapperDict(**wrappers)


def make_batch(seed: int, size: int = 8, with_pose: bool = True) -> dict:
    """A batch as a data loader gives it: pixels and labels."""
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randint(
        0, 256, (size, 3, SIZE, SIZE), generator=generator, dtype=torch.uint8)
    samples = []
    for index in range(size):
        sample = DataSample().set_gt_label((index + seed) % len(CLASSES))
        if with_pose:
            pose = -100 if index == 1 else (index * 2 + seed) % 5
            sample.set_field(torch.tensor([pose]), 'pose_label')
        samples.append(sample)
    return dict(inputs=inputs, data_samples=samples)
