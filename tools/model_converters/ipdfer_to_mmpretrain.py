"""Publish the classifier of IPD-FER or ID-FER as mmpretrain's own.

Writes the weights, and beside them the config of an ``ImageClassifier`` with
the same name: the expression encoder and its classifier, which give exactly
the scores of the whole model. mmpretrain's tools need no ipdfer_mm for it,
where the backbone is one of mmpretrain's and the file is a .pth.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from ipdfer_mm.deployment import publish
from ipdfer_mm.utils.cli import add_override_arguments, explained, open_config


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='path of the config')
    parser.add_argument('checkpoint', help='path of the checkpoint')
    parser.add_argument(
        'out', type=Path,
        help='file to write: .pth, or .safetensors, which needs ipdfer_mm')
    add_override_arguments(parser)
    args = parser.parse_args(argv)
    if args.out.suffix not in ('.pth', '.safetensors'):
        parser.error(f'{args.out} must end with .pth or .safetensors')
    return args


@explained(OSError, RuntimeError, ValueError)
def main(argv: Sequence[str] | None = None) -> None:
    """Run the tool."""
    args = parse_args(argv)
    config = publish(open_config(args), args.checkpoint, args.out)
    size = args.out.stat().st_size / 2**20
    print(f'The classifier is in {config} and {args.out}, {size:.1f} MiB.')


if __name__ == '__main__':
    main()
