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
from typing import Optional

import cv2
import numpy as np
import torch
from mmengine.config import Config, DictAction
from mmengine.registry import MODELS, init_default_scope
from mmengine.runner import load_checkpoint

from ipdfer_mm.evaluation import (
    judge_expressions,
    load_test_pictures,
    measure_synthesis,
    synthesize,
)
from ipdfer_mm.utils.compat import set_checkpoint_trust
from ipdfer_mm.visualization import synthesis_grid

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
        '--trust-checkpoint',
        action='store_true',
        help='load pickled objects, which can run any code')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    return parser.parse_args()


def load_model(cfg: Config,
               checkpoint: str) -> tuple[torch.nn.Module, Optional[tuple]]:
    """Build the model of a config with the weights of a checkpoint.

    Returns:
        tuple[nn.Module, tuple or None]: The model, and the classes that the
        checkpoint names.
    """
    model = MODELS.build(cfg.model)
    meta = load_checkpoint(model, checkpoint, strict=True).get('meta', {})
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    return model.to(device).eval(), meta.get('dataset_meta', {}).get('classes')


def check_classes(name: str, theirs: Optional[tuple], ours: tuple) -> None:
    """Refuse a checkpoint that says it knows other classes."""
    if theirs is not None and tuple(theirs) != tuple(ours):
        sys.exit(f'{name} was trained on the classes {tuple(theirs)}, but the '
                 f'data set has {tuple(ours)}.')


def main() -> None:
    """Measure."""
    args = parse_args()
    cfg = Config.fromfile(args.config)
    if args.cfg_options is not None:
        cfg.merge_from_dict(args.cfg_options)
    init_default_scope(cfg.get('default_scope', 'ipdfer_mm'))
    set_checkpoint_trust(args.trust_checkpoint)
    model, classes = load_model(cfg, args.checkpoint)
    test, mean_picture = load_test_pictures(cfg, model, args.max_yaw)
    check_classes(args.checkpoint, classes, test.classes)
    faces = synthesize(model, test.pictures)
    report = dict(num_pictures=len(test.pictures))
    report |= measure_synthesis(faces, mean_picture, test)
    if args.judge:
        judge_cfg, checkpoint = args.judge
        judge, classes = load_model(Config.fromfile(judge_cfg), checkpoint)
        check_classes(checkpoint, classes, test.classes)
        asked = {name: faces[name] for name in (
            'input', 'reconstruction', 'neutral')}
        if test.twins is not None:
            asked['true_neutral'] = test.twins
        report['judge'] = judge_expressions(judge, asked, test)
    text = json.dumps(report, indent=2)
    print(f'\n{text}')
    if args.out:
        Path(args.out).write_text(text + '\n')
    if args.grid:
        rows = np.linspace(0, len(test.pictures) - 1, GRID_ROWS).astype(int)
        grid = synthesis_grid(faces, test.twins, rows)
        if not cv2.imwrite(args.grid, grid[..., ::-1]):
            raise OSError(f'{args.grid} could not be written.')


if __name__ == '__main__':
    main()
