"""Networks that are asked about synthesized faces."""

import argparse
from collections.abc import Sequence

from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from mmpretrain.models import ImageClassifier
from torch import nn

from ipdfer_mm.apis.loading import load_trained_model
from ipdfer_mm.models import IdentityEncoder
from ipdfer_mm.utils.model_configs import model_config

POOLING = 'GlobalAveragePooling'


def load_networks(
    args: argparse.Namespace, model: nn.Module, classes: Sequence[str]
) -> tuple[ImageClassifier | None, IdentityEncoder | None]:
    """Load what :func:`ipdfer_mm.utils.cli.add_network_arguments` asks for.

    Args:
        args (argparse.Namespace): Parsed flags.
        model (nn.Module): The model that synthesizes, for the device.
        classes (Sequence[str]): Names that the classifier must have.

    Returns:
        tuple[ImageClassifier | None, IdentityEncoder | None]: The expression
        classifier and the identity network, None where not asked for.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If weights do not fit, or the classes are others.
    """
    classifier = network = None
    if args.classifier:
        config, checkpoint = args.classifier
        classifier = load_trained_model(
            Config.fromfile(config), checkpoint, dict(classes=classes))
    if args.identity_network:
        network = load_identity_network(*args.identity_network)
        network.to(next(model.parameters()).device)
    return classifier, network


def load_identity_network(config: str, checkpoint: str) -> IdentityEncoder:
    """Load a face-recognition network to compare faces with.

    The decoder is trained so that the model's own identity encoder recognizes
    its faces (Eq. 2 of the paper), and may please this one network alone.
    Another network, trained on other images, is the fairer choice.

    Args:
        config (str): Config of a recognizer, such as
            ``configs/pretrain/resnet18_arcface_casia.py``, or one whose
            ``model.identity_encoder`` is the network, such as
            ``configs/ipdfer_cmufaces.py``. It says how the network wants its
            images; nothing else of it is used. A recognizer gets images
            of the size that they have, an identity encoder of the size that
            its model decodes.
        checkpoint (str): Weights of the network, as
            :func:`ipdfer_mm.models.encoders.load_face_weights` reads them.

    Returns:
        IdentityEncoder: The network, in eval mode.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If the config describes no such network, or the weights do
            not fit it.
    """
    whole = Config.fromfile(config)
    cfg = model_config(whole) if 'model' in whole else {}
    if 'identity_encoder' in cfg:
        encoder = dict(cfg.identity_encoder)
        if encoder.get('input_size') is None:
            # What the network sees when that model is trained.
            encoder['input_size'] = cfg.get('decoder', {}).get('img_size')
    elif 'backbone' in cfg:
        neck = (cfg.get('neck') or {}).get('type', POOLING)
        if neck.rpartition('.')[2] != POOLING:
            raise ValueError(
                f'The network of {config} ends in {neck}, but only one that '
                f'ends in {POOLING} can be used to compare faces.')
        prepare = cfg.get('data_preprocessor') or {}
        encoder = dict(
            type='ipdfer_mm.IdentityEncoder',
            backbone=cfg.backbone,
            channel_order='rgb' if prepare.get('to_rgb') else 'bgr',
            # Without a mean mmpretrain's networks get the pixels as they are.
            mean=prepare.get('mean') or (0., ) * 3,
            std=prepare.get('std') or (1., ) * 3)
    else:
        raise ValueError(f'{config} has neither model.identity_encoder nor '
                         'model.backbone.')
    with DefaultScope.overwrite_default_scope(
            whole.get('default_scope', 'ipdfer_mm')):
        network = MODELS.build(dict(encoder, init_cfg=dict(
            type='ipdfer_mm.Pretrained', checkpoint=checkpoint)))
    network.init_weights()
    return network.eval()
