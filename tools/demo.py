"""Train IPD-FER and its baseline on rendered subjects, and compare them.

Renders the subjects, trains configs/baseline_demo.py and
configs/ipdfer_demo.py, tests both on unseen subjects and draws one sheet. What
is done already is skipped, and an interrupted training goes on.
"""

import argparse
import json
import textwrap
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config, DictAction
from mmengine.registry import DefaultScope
from mmengine.runner import Runner

from ipdfer_mm.analysis.synthesis_report import (
    load_test_images,
    measure_synthesis,
    synthesize,
)
from ipdfer_mm.models import IPDFERModel
from ipdfer_mm.registry import MODELS
from ipdfer_mm.utils.atomic import write_atomically
from ipdfer_mm.utils.cli import (
    DATALOADERS,
    explained,
    merge_cfg_options,
    set_dataloader_defaults,
)
from ipdfer_mm.utils.compat import set_checkpoint_trust
from ipdfer_mm.utils.run_settings import ADVICE, note_settings
from ipdfer_mm.visualization import (
    TestResult,
    comparison_sheet,
    synthesis_grid,
)
from ipdfer_mm.visualization.saving import encode_figure

CONFIGS = Path(__file__).resolve().parents[1] / 'configs'
TITLES = {'baseline': 'ResNet-18', 'ipdfer': 'IPD-FER'}
GRID_ROWS = 10
STARTS = (
    'Both classifiers start from a network that recognizes rendered subjects; '
    'the pose encoder, the decoder and the discriminator start from the model '
    'ipdfer_rendered of the package.')


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--work-dir', type=Path, default='work_dirs/demo',
        help='folder for checkpoints, logs and the sheet')
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction,
        help='settings of both configs to change, as for tools/train.py')
    return parser.parse_args(argv)


def load_config(name: str, args: argparse.Namespace) -> Config:
    """Load the config of one model, with its work folder."""
    cfg = Config.fromfile(CONFIGS / f'{name}_demo.py')
    set_dataloader_defaults(cfg, DATALOADERS, no_pin_memory=False)
    merge_cfg_options(cfg, args.cfg_options)
    cfg.work_dir = str(args.work_dir / name)
    return cfg


def last_checkpoint(cfg: Config) -> Path:
    """Where the checkpoint of the last epoch is, or will be."""
    return Path(cfg.work_dir, f'epoch_{cfg.train_cfg.max_epochs}.pth')


def train(cfg: Config) -> None:
    """Train to the last epoch, from where an earlier run stopped."""
    note_settings(cfg.work_dir, cfg)
    if last_checkpoint(cfg).is_file():
        print(f'{last_checkpoint(cfg)} is there already.')
        return
    cfg.resume = True
    Runner.from_cfg(cfg).train()


def test(cfg: Config) -> tuple[Runner, dict]:
    """Test the last checkpoint."""
    cfg.load_from = str(last_checkpoint(cfg))
    # Beside the record of the training.
    cfg.work_dir = str(Path(cfg.work_dir, 'test'))
    runner = Runner.from_cfg(cfg)
    return runner, runner.test()


def evaluate_synthesis(cfg: Config,
                       model: IPDFERModel) -> tuple[dict, np.ndarray]:
    """Measure the synthesized test faces, and draw some of them."""
    model.eval()
    images, mean_image = load_test_images(cfg, model)
    faces = synthesize(model, images.images)
    rows = np.linspace(0, len(images.images) - 1, GRID_ROWS).astype(int)
    return (measure_synthesis(faces, mean_image, images),
            synthesis_grid(faces, images.paired_neutrals, rows, enlarge=2))


def nearer_before(cfg: Config) -> float:
    """Share of nearer neutral faces before training.

    Returns:
        float: ``closer`` of :func:`ipdfer_mm.analysis.neutral.neutral_gain`.
    """
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('ipdfer_mm'):
        model = MODELS.build(cfg.model)
    model.init_weights()
    return evaluate_synthesis(cfg, model)[0]['neutral_gain']['closer']


@explained(OSError, RuntimeError, ValueError)
def main(argv: Sequence[str] | None = None) -> None:
    """Run what is missing."""
    args = parse_args(argv)
    start = time.time()
    set_checkpoint_trust(False)
    results, report = [], {}
    for name, title in TITLES.items():
        train(load_config(name, args))
        runner, metrics = test(load_config(name, args))
        results.append(TestResult.from_metrics(title, metrics))
        report[name] = {key: np.asarray(value).tolist()
                        for key, value in metrics.items()}
    cfg = load_config('ipdfer', args)
    report['synthesis'], grid = evaluate_synthesis(cfg, runner.model)
    before = report['synthesis']['closer_before_training'] = nearer_before(cfg)

    dataset = runner.test_dataloader.dataset
    closer = report['synthesis']['neutral_gain']['closer']
    neutral = ('Neutral face nearer to the paired neutral one than the '
               f'reconstruction is: {closer:.0%} of the images, {before:.0%} '
               'before this training.')
    sheet = comparison_sheet(
        results, dataset.metainfo['classes'], grid,
        f'{len(dataset)} images of subjects that no model has seen',
        textwrap.fill(f'{neutral} {STARTS}', 70))
    write_atomically(args.work_dir / 'sheet.png', encode_figure(sheet),
                     ADVICE)
    write_atomically(args.work_dir / 'results.json',
                     (json.dumps(report, indent=2) + '\n').encode(), ADVICE)
    for result in results:
        print(f'{result}, {len(dataset)} images')
    print(neutral)
    print(f'The sheet is {args.work_dir}/sheet.png, all numbers are in '
          f'{args.work_dir}/results.json ({time.time() - start:.0f} s).')


if __name__ == '__main__':
    main()
