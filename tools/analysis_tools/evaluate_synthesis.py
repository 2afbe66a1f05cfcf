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
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmengine.config import Config
from mmengine.registry import DATASETS
from torch import Tensor

from ipdfer_mm.analysis.fid import INCEPTION, load_inception, measure_fid
from ipdfer_mm.analysis.identity_network import load_identity_network
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
from ipdfer_mm.utils.cli import add_model_arguments, open_config
from ipdfer_mm.utils.images import to_png
from ipdfer_mm.utils.messages import escape_unprintable
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
        description=__doc__,
        epilog=SOURCES,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='path of the config')
    parser.add_argument('checkpoint', help='path of the checkpoint')
    parser.add_argument('--out', help='file for the numbers (.json)')
    parser.add_argument('--grid', help='file for an image grid (.png)')
    parser.add_argument(
        '--max-yaw',
        type=float,
        default=180,
        help='measure test images up to this yaw in degrees only')
    parser.add_argument(
        '--classifier',
        nargs=2,
        metavar=('CONFIG', 'CHECKPOINT'),
        help='an expression classifier that shares no training image with '
        'the model, asked which synthesized faces are neutral')
    parser.add_argument(
        '--identity-network',
        nargs=2,
        metavar=('CONFIG', 'CHECKPOINT'),
        help="a face-recognition network other than the model's own identity "
        'encoder, to say whose the faces are')
    parser.add_argument(
        '--lpips',
        metavar='FILE',
        help='measure LPIPS of reconstructions and, where the true ones are '
        "known, of neutral faces, with torchvision's AlexNet in this file")
    parser.add_argument(
        '--fid',
        metavar='FILE',
        help='measure FID and KID of reconstructions and neutral faces, with '
        'the Inception of torch-fidelity (pip install torch-fidelity) in this '
        'file')
    add_model_arguments(parser)
    return parser.parse_args(argv)


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


def measure(args: argparse.Namespace) -> None:
    """Measure, and write what is asked for."""
    # First, so that a wrong file costs no time.
    lpips = load_lpips(args.lpips) if args.lpips else None
    inception = load_inception(args.fid) if args.fid else None
    model, test, mean_image = load(args)
    device = next(model.parameters()).device
    network = None
    if args.identity_network:
        network = load_identity_network(*args.identity_network).to(device)
    faces = synthesize(model, test.images, network)
    report = dict(note=SMOKE) if is_smoke(args.checkpoint) else {}
    report['num_images'] = len(test.images)
    report |= measure_synthesis(faces, mean_image, test)
    if args.classifier:
        classifier_cfg, checkpoint = args.classifier
        classifier = load_trained_model(
            Config.fromfile(classifier_cfg), checkpoint,
            dict(classes=test.classes))
        report['classifier'] = classify_synthesis(
            classifier, faces, test)
    if lpips:
        report['lpips'] = dict(
            original_weights=ALEXNET.is_original(args.lpips),
            **measure_lpips(lpips.to(device), faces, test))
    if inception:
        report['fid'] = dict(
            original_weights=INCEPTION.is_original(args.fid),
            **measure_fid(inception.to(device), faces, test))
    write(args, report, faces, test)


def write(args: argparse.Namespace, report: dict, faces: dict[str, Tensor],
          test: FaceImages) -> None:
    """Print the numbers, and write the files that are asked for."""
    text = json.dumps(report, indent=2)
    print(f'\n{text}')
    for file in filter(None, (args.out, args.grid)):
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    if args.out:
        write_atomically(Path(args.out), f'{text}\n'.encode(), ADVICE)
    if args.grid:
        rows = np.linspace(0, len(test.images) - 1, GRID_ROWS).astype(int)
        grid = synthesis_grid(faces, test.paired_neutrals, rows,
                              title=report.get('note', ''))
        png = to_png(grid)
        write_atomically(Path(args.grid), png, ADVICE)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the tool."""
    try:
        measure(parse_args(argv))
    except (ImportError, OSError, ValueError) as error:
        sys.exit(f'{type(error).__name__}: {error}')


if __name__ == '__main__':
    escape_unprintable()
    main()
