"""Measure how far a model disentangles identity, pose and expression.

For a checkpoint of IPD-FER, of ID-FER or of the baseline (an ImageClassifier
of mmpretrain, whose one feature is compared as f_exp), on the test set of a
config, whose people no model has seen: what new classifiers read out of each
component, whether f_exp tells people apart, how components depend on each
other, and, on rendered people, the synthesised faces against true ones: the
neutral faces, and faces of one person with the pose and the expression of two
others. What does not apply is named with the reason.
"""

import argparse
import json
import sys
from pathlib import Path

import cv2
import numpy as np
from mmengine.config import Config, DictAction
from mmengine.registry import DATASETS, init_default_scope

from ipdfer_mm.datasets import FERDataset, SyntheticFaces
from ipdfer_mm.evaluation.disentanglement import (
    extract_components,
    measure_components,
    pose_entropy,
)
from ipdfer_mm.evaluation.disentanglement_table import (
    disentanglement_markdown,
)
from ipdfer_mm.evaluation.identity_network import load_identity_network
from ipdfer_mm.evaluation.loading import load_trained_model
from ipdfer_mm.evaluation.swap import (
    SwapRenderer,
    decode_swap,
    draw_donors,
    measure_swap,
    swap_kinds,
)
from ipdfer_mm.evaluation.synthesis_report import (
    FacePictures,
    judge_synthesis,
    load_mean_picture,
    load_pictures,
    measure_synthesis,
    synthesize,
)
from ipdfer_mm.models import IPDFERModel
from ipdfer_mm.utils.atomic import write_atomically
from ipdfer_mm.utils.compat import set_checkpoint_trust
from ipdfer_mm.visualization import picture_grid
from ipdfer_mm.visualization.leakage_heatmap import leakage_heatmap, to_png

ADVICE = 'choose another file with --out'
GRID_ROWS = 8


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='path of the config')
    parser.add_argument('checkpoint', help='path of the checkpoint')
    parser.add_argument(
        '--out',
        type=Path,
        help='file for the numbers (.json); the tables (.md) and the heat map '
        'of the probes (.png) are written beside it')
    parser.add_argument(
        '--grid', type=Path, help='file for a picture grid of swaps (.png)')
    parser.add_argument(
        '--judge',
        nargs=2,
        metavar=('CONFIG', 'CHECKPOINT'),
        help='an expression classifier that shares no training picture with '
        'the model, asked what synthesised faces show')
    parser.add_argument(
        '--identity-network',
        nargs=2,
        metavar=('CONFIG', 'CHECKPOINT'),
        help="a face-recognition network other than the model's own identity "
        'encoder, to say whose the synthesised faces are')
    parser.add_argument(
        '--splits',
        type=int,
        default=5,
        help='parts of the cross-validation (default: %(default)s)')
    parser.add_argument(
        '--permutations',
        type=int,
        default=20,
        help='shuffles of the floors (default: %(default)s)')
    parser.add_argument(
        '--swaps',
        type=int,
        default=200,
        help='pictures whose components are swapped (default: %(default)s)')
    parser.add_argument(
        '--seed', type=int, default=0, help='seed of all that is drawn')
    parser.add_argument(
        '--trust-checkpoint',
        action='store_true',
        help='load pickled objects, which can run any code')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    args = parser.parse_args()
    if args.splits < 2 or min(args.permutations, args.swaps) < 1 or (
            args.seed < 0):
        parser.error('--splits must be 2 or more, --permutations and --swaps '
                     '1 or more, --seed not negative')
    if args.out is not None and args.out.suffix != '.json':
        parser.error(f'--out {args.out} must end in .json')
    return args


class Report:
    """Measures one model.

    Args:
        args (argparse.Namespace): The command line.

    Raises:
        ValueError: If the data set has no expressions, or other ones than a
            checkpoint.
    """

    def __init__(self, args: argparse.Namespace) -> None:
        cfg = Config.fromfile(args.config)
        if args.cfg_options is not None:
            cfg.merge_from_dict(args.cfg_options)
        init_default_scope(cfg.get('default_scope', 'ipdfer_mm'))
        set_checkpoint_trust(args.trust_checkpoint)
        dataset = DATASETS.build(cfg.test_dataloader.dataset)
        if not isinstance(dataset, FERDataset):
            raise ValueError(
                f'The test set of {args.config} is {type(dataset).__name__}, '
                'but person, yaw and expression are known to data sets of '
                'ipdfer_mm.')
        if getattr(dataset, 'label', 'expression') != 'expression':
            raise ValueError(f'The labels of the test set of {args.config} '
                             "are no expressions: set label='expression'.")
        classes = dataset.metainfo['classes']
        self.args, self.cfg, self.dataset = args, cfg, dataset
        self.model = load_trained_model(cfg, args.checkpoint, classes)
        self.judge = self.network = None
        if args.judge:
            self.judge = load_trained_model(
                Config.fromfile(args.judge[0]), args.judge[1], classes)
        if args.identity_network:
            self.network = load_identity_network(*args.identity_network)
            self.network.to(next(self.model.parameters()).device)

    def measure(self) -> tuple[dict, dict]:
        """Measure everything.

        Returns:
            tuple[dict, dict]: The report, and columns for a grid of swaps,
            empty without swaps.
        """
        args, model = self.args, self.model
        pictures = load_pictures(self.dataset, model)
        feats = extract_components(model, pictures.pictures)
        report = dict(
            checkpoint=args.checkpoint,
            model=type(model).__name__,
            pictures=len(pictures.paths),
            people=len(set(pictures.subjects)),
            unknown_yaws=int(np.isnan(pictures.yaws).sum()),
            classes=list(pictures.classes),
            splits=args.splits,
            permutations=args.permutations,
            seed=args.seed,
            identity_network=' '.join(
                args.identity_network
                or ["the model's own identity encoder"]))
        report |= measure_components(
            feats, pictures, args.splits, args.permutations, args.seed)
        left_out = report['left_out']
        if not isinstance(model, IPDFERModel):
            reason = 'the model has no decoder'
            left_out |= dict(
                pose_entropy='the model has no pose classifier',
                synthesis=reason,
                swap=reason)
            return report, {}
        if model.pose_head is None:
            left_out['pose_entropy'] = 'the model has no pose classifier'
        else:
            report['pose_entropy'] = pose_entropy(model, feats)
        mean_picture = load_mean_picture(self.cfg, model)
        report['synthesis'] = self._measure_synthesis(
            pictures, mean_picture, left_out)
        if not isinstance(self.dataset, SyntheticFaces):
            left_out['swap'] = ('only SyntheticFaces knows what a swap should '
                                'look like')
            return report, {}
        report['swap'], columns = self._measure_swaps(pictures, mean_picture)
        if self.judge is None:
            left_out['swap/expression'] = 'no --judge is given'
        return report, columns

    def _measure_synthesis(self, pictures: FacePictures, mean_picture,
                           left_out: dict) -> dict:
        faces = synthesize(self.model, pictures.pictures, self.network)
        report = measure_synthesis(faces, mean_picture, pictures)
        if pictures.twins is None:
            left_out['synthesis/true_neutral'] = (
                'the data set does not know the true neutral faces')
        if self.judge is None:
            left_out['synthesis/judge'] = 'no --judge is given'
        else:
            report['judge'] = judge_synthesis(self.judge, faces, pictures)
        return report

    def _measure_swaps(self, pictures: FacePictures,
                       mean_picture) -> tuple[dict, dict]:
        model = self.model
        donors = draw_donors(pictures, self.args.swaps, self.args.seed)
        renderer = SwapRenderer(self.dataset, model, pictures)
        report = {}
        for name, columns in swap_kinds(model).items():
            swaps = renderer.render(donors[:, columns])
            report[name] = measure_swap(model, swaps, mean_picture, pictures,
                                        self.network, self.judge)
        # The last swaps most.
        shown = {key: value[:GRID_ROWS] for key, value in dict(
            swaps.donors, truth=swaps.truth).items()}
        swap = decode_swap(
            model, shown['identity'], shown['pose'], shown['expression'])
        rebuilt = decode_swap(model, *[shown['truth']] * 3)
        truth = shown.pop('truth')
        return report, dict(
            shown, swap=swap, truth=truth, **{'truth rebuilt': rebuilt})


def write(args: argparse.Namespace, report: dict, columns: dict) -> None:
    """Print the tables and write the files that are asked for."""
    table = disentanglement_markdown(report)
    print(f'\n{table}')
    if args.out is not None:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(report, indent=2)
        heatmap = leakage_heatmap(report['probes'], Path(args.checkpoint).name)
        for suffix, content in {'.json': f'{text}\n'.encode(),
                                '.md': table.encode(),
                                '.png': to_png(heatmap)}.items():
            write_atomically(args.out.with_suffix(suffix), content, ADVICE)
    if args.grid is not None and columns:
        grid = picture_grid(columns)
        png = cv2.imencode('.png', grid[..., ::-1])[1].tobytes()
        args.grid.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(args.grid, png, 'choose another file with --grid')


def main() -> None:
    """Run the tool."""
    args = parse_args()
    try:
        report, columns = Report(args).measure()
        if args.grid is not None and not columns:
            report['left_out']['grid'] = 'there is no swap to show'
        write(args, report, columns)
    except (OSError, ValueError) as error:
        sys.exit(f'{type(error).__name__}: {error}')


if __name__ == '__main__':
    main()
