"""Measure the faces that a trained IPD-FER or ID-FER model synthesises.

On the test set of a config: error of the reconstruction against that of the
mean training picture, and whose face the synthesised ones are. Where the data
set knows the true neutral faces (SyntheticFaces), also how near the neutral
faces come to them.
"""

import argparse
import json
import sys
from pathlib import Path

import cv2
import numpy as np
from mmengine.config import Config, DictAction
from mmengine.registry import DATASETS, init_default_scope

from ipdfer_mm.evaluation import (
    judge_synthesis,
    load_identity_network,
    load_test_pictures,
    load_trained_model,
    measure_synthesis,
    synthesize,
)
from ipdfer_mm.utils.atomic import write_atomically
from ipdfer_mm.utils.compat import set_checkpoint_trust
from ipdfer_mm.visualization import synthesis_grid

ADVICE = 'choose another file'
GRID_ROWS = 12


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='path of the config')
    parser.add_argument('checkpoint', help='path of the checkpoint')
    parser.add_argument('--out', help='file for the numbers (.json)')
    parser.add_argument('--grid', help='file for a picture grid (.png)')
    parser.add_argument(
        '--max-yaw',
        type=float,
        default=180,
        help='measure test pictures up to this yaw in degrees only')
    parser.add_argument(
        '--judge',
        nargs=2,
        metavar=('CONFIG', 'CHECKPOINT'),
        help='an expression classifier that shares no training picture with '
        'the model, asked which synthesised faces are neutral')
    parser.add_argument(
        '--identity-network',
        nargs=2,
        metavar=('CONFIG', 'CHECKPOINT'),
        help="a face-recognition network other than the model's own identity "
        'encoder, to say whose the faces are')
    parser.add_argument(
        '--trust-checkpoint',
        action='store_true',
        help='load pickled objects, which can run any code')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    return parser.parse_args()


def measure(args: argparse.Namespace) -> None:
    """Measure, and write what is asked for."""
    cfg = Config.fromfile(args.config)
    if args.cfg_options is not None:
        cfg.merge_from_dict(args.cfg_options)
    init_default_scope(cfg.get('default_scope', 'ipdfer_mm'))
    set_checkpoint_trust(args.trust_checkpoint)
    classes = DATASETS.build(cfg.test_dataloader.dataset).metainfo['classes']
    model = load_trained_model(cfg, args.checkpoint, classes)
    test, mean_picture = load_test_pictures(cfg, model, args.max_yaw)
    network = None
    if args.identity_network:
        network = load_identity_network(*args.identity_network)
        network.to(next(model.parameters()).device)
    faces = synthesize(model, test.pictures, network)
    report = dict(num_pictures=len(test.pictures))
    report |= measure_synthesis(faces, mean_picture, test)
    if args.judge:
        judge_cfg, checkpoint = args.judge
        judge = load_trained_model(
            Config.fromfile(judge_cfg), checkpoint, classes)
        report['judge'] = judge_synthesis(judge, faces, test)
    text = json.dumps(report, indent=2)
    print(f'\n{text}')
    if args.out:
        write_atomically(Path(args.out), f'{text}\n'.encode(), ADVICE)
    if args.grid:
        rows = np.linspace(0, len(test.pictures) - 1, GRID_ROWS).astype(int)
        grid = synthesis_grid(faces, test.twins, rows)
        png = cv2.imencode('.png', grid[..., ::-1])[1].tobytes()
        write_atomically(Path(args.grid), png, ADVICE)


def main() -> None:
    """Run the tool."""
    try:
        measure(parse_args())
    except (OSError, ValueError) as error:
        sys.exit(f'{type(error).__name__}: {error}')


if __name__ == '__main__':
    main()
