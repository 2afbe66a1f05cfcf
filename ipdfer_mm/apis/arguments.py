"""Flags that choose the model of an inferencer."""

import argparse

from ipdfer_mm.utils.cli import add_trust_argument

from .inferencer import ExpressionInferencer
from .known_models import DEFAULT_MODEL, list_models


def add_inferencer_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags that :func:`build_inferencer` reads.

    Args:
        parser (argparse.ArgumentParser): The parser to add to.
    """
    parser.add_argument(
        '--model', default=DEFAULT_MODEL,
        help='a config, or a name, with which the checkpoint is known: '
        f'{", ".join(list_models())} (default: %(default)s)')
    parser.add_argument('--checkpoint', help='checkpoint of the config')
    parser.add_argument(
        '--device', help='such as cpu or cuda:0; the GPU if there is one')
    add_trust_argument(parser)


def build_inferencer(args: argparse.Namespace,
                     **settings) -> ExpressionInferencer:
    """Build the inferencer that the flags describe.

    Args:
        args (argparse.Namespace): Parsed flags.
        **settings: Others of :class:`ExpressionInferencer`.

    Returns:
        ExpressionInferencer: The inferencer.
    """
    return ExpressionInferencer(
        args.model, args.checkpoint or True, args.device,
        trust_checkpoint=args.trust_checkpoint, **settings)
