"""Networks of the paper's kind in any width and for any size of image."""

import inspect

import torch.nn as nn

from ipdfer_mm.models import FaceDecoder, IPDFERModel
from ipdfer_mm.registry import MODELS
from ipdfer_mm.utils import register_all_modules
from ipdfer_mm.utils.expressions import EXPRESSIONS

NUM_POSES = 5
PAPER_WIDTH = 64  # of ResNet-18's first stage
# The default, for features of the paper's 512 dimensions.
DECODER_WIDTHS = inspect.signature(FaceDecoder).parameters['widths'].default


def _resnet18(width: int) -> dict:
    return dict(
        type='mmpretrain.ResNet',
        depth=18,
        stem_channels=width,
        base_channels=width)


def _head(width: int, num_classes: int) -> dict:
    return dict(
        type='LinearClsHead',
        _scope_='mmpretrain',
        num_classes=num_classes,
        in_channels=8 * width)


def build_classifier(width: int) -> nn.Module:
    """Build the baseline: ResNet-18 and a linear classifier.

    Args:
        width (int): Channels of its first stage; the paper's is 64.

    Returns:
        nn.Module: An ImageClassifier of mmpretrain, with random weights.
    """
    register_all_modules()
    return MODELS.build(
        dict(
            type='mmpretrain.ImageClassifier',
            data_preprocessor=dict(
                type='mmpretrain.ClsDataPreprocessor',
                mean=(127.5, ) * 3,
                std=(127.5, ) * 3,
                to_rgb=True),
            backbone=_resnet18(width),
            neck=dict(type='mmpretrain.GlobalAveragePooling'),
            head=_head(width, len(EXPRESSIONS))))


def build_ipdfer(width: int, size: int, kind: str = 'IPDFERModel',
                 **kwargs) -> IPDFERModel:
    """Build IPD-FER with ResNet-18 everywhere, as Section 4.2 has it.

    Args:
        width (int): Channels of the first stage of each ResNet-18; the
            paper's is 64. Features are eight times as wide.
        size (int): Side of the images in pixels, at least 32.
        kind (str): :class:`IPDFERModel` or one of its variants.
        **kwargs: Other arguments of it.

    Returns:
        IPDFERModel: With random weights, those of the identity encoder too.
    """
    register_all_modules()
    resnet18 = _resnet18(width)
    widths = [max(1, w * width // PAPER_WIDTH) for w in DECODER_WIDTHS]
    model = MODELS.build(
        dict(
            type=f'ipdfer_mm.{kind}',
            identity_encoder=dict(
                type='ipdfer_mm.IdentityEncoder', backbone=resnet18),
            pose_encoder=dict(
                type='ipdfer_mm.FaceEncoder', backbone=resnet18),
            pose_head=_head(width, NUM_POSES),
            expression_encoder=dict(
                type='ipdfer_mm.FaceEncoder', backbone=resnet18),
            expression_head=_head(width, len(EXPRESSIONS)),
            decoder=dict(
                type='ipdfer_mm.FaceDecoder',
                in_channels=8 * width,
                widths=widths,
                img_size=size),
            discriminator=dict(
                type='ipdfer_mm.ExpressionDiscriminator',
                backbone=resnet18,
                head=_head(width, len(EXPRESSIONS))),
            loss_cos=dict(type='ipdfer_mm.OrthogonalityLoss',
                          loss_weight=0.5),
            loss_recon=dict(type='ipdfer_mm.ReconstructionLoss',
                            loss_weight=10.0),
            classes=EXPRESSIONS,
            **kwargs))
    # Its weights count as loaded: how fast it is does not depend on them.
    model.load_state_dict(model.state_dict())
    return model
