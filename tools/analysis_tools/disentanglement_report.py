"""Measure how far a model disentangles identity, pose and expression.

For a checkpoint of IPD-FER, of ID-FER or of the baseline (an ImageClassifier
of mmpretrain, whose one feature is compared as f_exp), on the test set of a
config, with subjects that no model has seen: what new classifiers read out of
each component, whether f_exp tells subjects apart, how components depend on
each other, and, on rendered subjects, the synthesized faces against true ones:
the neutral faces, and faces of one subject with the pose and the expression of
two others. What does not apply is named with the reason.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config
from mmengine.registry import DATASETS
from torch import Tensor

from ipdfer_mm.analysis.disentanglement_report import (
    measure_disentanglement,
)
from ipdfer_mm.analysis.disentanglement_table import disentanglement_markdown
from ipdfer_mm.analysis.identity_network import load_networks
from ipdfer_mm.analysis.probes import PROBES
from ipdfer_mm.analysis.synthesis_report import load_mean_image
from ipdfer_mm.apis.loading import load_trained_model
from ipdfer_mm.experiments.state import SMOKE, is_smoke
from ipdfer_mm.models import IPDFERModel
from ipdfer_mm.utils.atomic import write_atomically
from ipdfer_mm.utils.cli import (
    add_network_arguments,
    add_override_arguments,
    explained,
    open_config,
)
from ipdfer_mm.utils.dataset_configs import find_test_dataset
from ipdfer_mm.utils.images import to_png
from ipdfer_mm.visualization import image_grid
from ipdfer_mm.visualization.leakage_heatmap import leakage_heatmap
from ipdfer_mm.visualization.saving import encode_figure

ADVICE = 'choose another file with --out'


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='path of the config')
    parser.add_argument('checkpoint', help='path of the checkpoint')
    parser.add_argument(
        '--out', type=Path, help='file for the numbers (.json); the tables '
        '(.md) and the heat map of the probes (.png) are written beside it')
    parser.add_argument(
        '--dataset', metavar='CONFIG', help='measure on the test set of this '
        "config, through the test pipeline of the model's")
    parser.add_argument('--grid', type=Path,
                        help='file for an image grid of swaps (.png)')
    add_network_arguments(parser)
    for flag, default, meaning in (
            ('--splits', 5, 'parts of the cross-validation'),
            ('--permutations', 20, 'shuffles of the floors'),
            ('--swaps', 200, 'images whose components are swapped'),
            ('--seed', 0, 'seed of all that is drawn')):
        parser.add_argument(flag, type=int, default=default,
                            help=f'{meaning} (default: %(default)s)')
    add_override_arguments(parser)
    args = parser.parse_args(argv)
    if args.splits < 2 or min(args.permutations, args.swaps) < 1 or (
            args.seed < 0):
        parser.error('--splits must be 2 or more, --permutations and --swaps '
                     '1 or more, --seed not negative')
    if args.out is not None and args.out.suffix != '.json':
        parser.error(f'--out {args.out} must end in .json')
    if None not in (args.out, args.grid) and (
            args.grid.resolve() == args.out.with_suffix('.png').resolve()):
        parser.error(f'--grid {args.grid} is where the heat map of --out '
                     'goes; give the grid another name')
    return args


def measure(args: argparse.Namespace) -> tuple[dict, dict[str, Tensor]]:
    """Load the dataset and all networks, and measure.

    Raises:
        ValueError: If a checkpoint was trained on other classes, or another
            fold.
    """
    cfg = open_config(args)
    dataset = cfg.test_dataloader.dataset
    if args.dataset:
        dataset = {**find_test_dataset(Config.fromfile(args.dataset)),
                   'pipeline': find_test_dataset(cfg).pipeline}
    dataset = DATASETS.build(dataset)
    model = load_trained_model(cfg, args.checkpoint, dataset.metainfo)
    mean_image = None
    if isinstance(model, IPDFERModel):
        mean_image = load_mean_image(cfg, model)
    networks = load_networks(args, model, dataset.metainfo['classes'])
    return measure_disentanglement(
        model, dataset, mean_image, *networks, args.splits, args.permutations,
        args.swaps, args.seed)


def write(args: argparse.Namespace, report: dict,
          columns: dict[str, Tensor]) -> None:
    """Print the tables and write the files that are asked for."""
    table = disentanglement_markdown(report)
    print(f'\n{table}')
    if args.out is not None:
        text = json.dumps(report, indent=2)
        name = Path(args.checkpoint).name
        title = f'{report["note"]}: {name}' if 'note' in report else name
        heatmap = leakage_heatmap({
            PROBES[kind]: matrix
            for kind, matrix in report['probes'].items()}, title)
        for suffix, content in {'.json': f'{text}\n'.encode(),
                                '.md': table.encode(),
                                '.png': encode_figure(heatmap)}.items():
            write_atomically(args.out.with_suffix(suffix), content, ADVICE)
    if args.grid is not None and columns:
        grid = image_grid(columns, report.get('note', ''))
        write_atomically(args.grid, to_png(grid),
                         'choose another file with --grid')


@explained(OSError, RuntimeError, ValueError)
def main(argv: Sequence[str] | None = None) -> None:
    """Run the tool."""
    args = parse_args(argv)
    network = args.identity_network or ["the model's own identity encoder"]
    measured, columns = measure(args)
    report = dict(note=SMOKE) if is_smoke(args.checkpoint) else {}
    report |= dict(
        checkpoint=args.checkpoint, splits=args.splits,
        permutations=args.permutations, seed=args.seed,
        identity_network=' '.join(network), **measured)
    if args.grid is not None and not columns:
        report['left_out']['grid'] = 'there is no swap to show'
    write(args, report, columns)


if __name__ == '__main__':
    main()
