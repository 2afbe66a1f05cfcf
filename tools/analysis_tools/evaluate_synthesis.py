"""Measure the faces that a trained IPD-FER or ID-FER model synthesizes.

On the test set of a config: error of the reconstruction against that of the
mean training image, and whose face the synthesized ones are. Where the data
set knows the paired neutral faces (SyntheticFaces), also how near the neutral
faces are to them. LPIPS, FID and KID are measured where the files of their
networks are given; nothing is downloaded. Numbers and grid of a smoke run's
checkpoint (tools/run_experiments.py) say so.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmengine.registry import DATASETS
from torch import Tensor

from ipdfer_mm.analysis.fid import INCEPTION, load_inception, measure_fid
from ipdfer_mm.analysis.identity_network import load_networks
from ipdfer_mm.analysis.lpips import ALEXNET, load_lpips, measure_lpips
from ipdfer_mm.analysis.synthesis_report import (
    FaceImages,
    classify_synthesis,
    load_test_images,
    measure_synthesis,
    synthesize,
)
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
from ipdfer_mm.utils.images import to_png
from ipdfer_mm.visualization import synthesis_grid

ADVICE = 'choose another file'
GRID_ROWS = 12
SOURCES = f"""the files of --lpips and --fid:
  {ALEXNET.url}
  {INCEPTION.url}
"""


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=SOURCES,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='path of the config')
    parser.add_argument('checkpoint', help='path of the checkpoint')
    parser.add_argument('--out', type=Path,
                        help='file for the numbers (.json)')
    parser.add_argument('--grid', type=Path,
                        help='file for an image grid (.png)')
    parser.add_argument(
        '--max-yaw', type=float, default=180,
        help='measure test images up to this yaw in degrees only')
    add_network_arguments(parser)
    parser.add_argument(
        '--lpips', metavar='FILE',
        help='measure LPIPS of reconstructions and, where the true ones are '
        "known, of neutral faces, with torchvision's AlexNet in this file")
    parser.add_argument(
        '--fid', metavar='FILE',
        help='measure FID and KID of reconstructions and neutral faces, with '
        'the Inception of torch-fidelity (pip install torch-fidelity) in this '
        'file')
    add_override_arguments(parser)
    args = parser.parse_args(argv)
    if args.max_yaw < 0:
        parser.error('--max-yaw must not be negative')
    if None not in (args.out, args.grid) and (
            args.grid.resolve() == args.out.resolve()):
        parser.error(f'--grid {args.grid} is where --out goes; give the grid '
                     'another name')
    return args


def load(args: argparse.Namespace
         ) -> tuple[IPDFERModel, FaceImages, Tensor]:
    """Load the model, the test images and the mean training image."""
    cfg = open_config(args)
    metainfo = DATASETS.build(cfg.test_dataloader.dataset).metainfo
    model = load_trained_model(cfg, args.checkpoint, metainfo)
    if not isinstance(model, IPDFERModel):
        raise ValueError(f'{args.config} has a {type(model).__name__}, which '
                         'synthesizes no faces; an IPDFERModel does.')
    return model, *load_test_images(cfg, model, args.max_yaw)


def write(args: argparse.Namespace, report: dict, faces: dict[str, Tensor],
          test: FaceImages) -> None:
    """Print the numbers, and write the files that are asked for."""
    text = json.dumps(report, indent=2)
    print(f'\n{text}')
    if args.out:
        write_atomically(args.out, f'{text}\n'.encode(), ADVICE)
    if args.grid:
        rows = np.linspace(0, len(test.images) - 1, GRID_ROWS).astype(int)
        grid = synthesis_grid(faces, test.paired_neutrals, rows,
                              title=report.get('note', ''))
        write_atomically(args.grid, to_png(grid), ADVICE)


@explained(ImportError, OSError, RuntimeError, ValueError)
def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and write what is asked for."""
    args = parse_args(argv)
    # First, so that a wrong file costs no time.
    lpips = load_lpips(args.lpips) if args.lpips else None
    inception = load_inception(args.fid) if args.fid else None
    model, test, mean_image = load(args)
    classifier, network = load_networks(args, model, test.classes)
    faces = synthesize(model, test.images, network)
    report = dict(note=SMOKE) if is_smoke(args.checkpoint) else {}
    report['num_images'] = len(test.images)
    report |= measure_synthesis(faces, mean_image, test)
    if classifier:
        report['classifier'] = classify_synthesis(classifier, faces, test)
    device = next(model.parameters()).device
    if lpips:
        report['lpips'] = dict(
            original_weights=ALEXNET.is_original(args.lpips),
            **measure_lpips(lpips.to(device), faces, test))
    if inception:
        report['fid'] = dict(
            original_weights=INCEPTION.is_original(args.fid),
            **measure_fid(inception.to(device), faces, test))
    write(args, report, faces, test)


if __name__ == '__main__':
    main()
