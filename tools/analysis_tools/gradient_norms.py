"""Print the norm of the gradient that each loss gives each network.

The mean over some training batches, for step 1 (encoders) and step 3
(generator) of Algorithm 1, with the losses weighted as in the config. It
tells which loss is in the way of another.
"""

import argparse
from collections.abc import Sequence
from itertools import islice

import numpy as np
import torch
from mmengine.registry import MODELS
from mmengine.runner import Runner, load_checkpoint

from ipdfer_mm.analysis.loss_gradients import feature_norms, gradient_norms
from ipdfer_mm.models import IPDFERModel
from ipdfer_mm.utils.cli import add_override_arguments, explained, open_config
from ipdfer_mm.utils.model_configs import model_config


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='path of an IPD-FER or ID-FER config')
    parser.add_argument(
        'checkpoint', nargs='?',
        help='path of the checkpoint (default: the start of the training)')
    parser.add_argument('--num-batches', type=int, default=8)
    add_override_arguments(parser)
    args = parser.parse_args(argv)
    if args.num_batches < 1:
        parser.error('--num-batches must be 1 or more')
    return args


def mean_norms(reports: Sequence[dict]) -> list[tuple[str, str, dict]]:
    """Average over batches: step, loss, and means by module."""
    return [(step, loss, {
        part: np.mean([report[step][loss][part] for report in reports])
        for part in norms
    }) for step, losses in reports[0].items()
            for loss, norms in losses.items()]


@explained(OSError, RuntimeError, ValueError)
def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    args = parse_args(argv)
    cfg = open_config(args)
    torch.manual_seed(0)
    model = MODELS.build(model_config(cfg))
    if not isinstance(model, IPDFERModel):
        raise ValueError(f'{args.config} has a {type(model).__name__}; the '
                         'losses of Algorithm 1 are those of an IPDFERModel.')
    if args.checkpoint:
        load_checkpoint(model, args.checkpoint, strict=True)
    else:
        model.init_weights()
    model.train()
    loader = Runner.build_dataloader(cfg.train_dataloader, seed=0)
    model.set_classes(loader.dataset.metainfo['classes'])
    batches = list(islice(loader, args.num_batches))
    table = mean_norms([gradient_norms(model, data) for data in batches])
    parts = list(table[0][2])
    print(f'{"step":10} {"loss":17}', *(f'{part:>18}' for part in parts))
    for step, loss, norms in table:
        print(f'{step:10} {loss:17}',
              *(f'{norms[part]:18.2g}' for part in parts))
    feats = feature_norms(model, batches[0])
    print('Norms of the features:',
          *(f'{name} {norm:.2f}' for name, norm in feats.items()))


if __name__ == '__main__':
    main()
