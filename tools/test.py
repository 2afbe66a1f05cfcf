"""Test a checkpoint."""

import argparse
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path

import mmengine
import torch
from mmengine.config import Config, ConfigDict
from mmengine.dist import is_main_process
from mmengine.evaluator import DumpResults
from mmengine.registry import RUNNERS
from mmengine.runner import Runner

from ipdfer_mm.utils.atomic import write_atomically
from ipdfer_mm.utils.cli import (
    add_common_arguments,
    load_config,
    merge_cfg_options,
    prepare_environment,
    set_dataloader_defaults,
)
from ipdfer_mm.utils.compat import leave_process_group
from ipdfer_mm.utils.messages import escape_unprintable
from ipdfer_mm.utils.run_errors import explained_errors

OUT_SUFFIXES = dict(
    pred=('.pkl', '.pickle'), metrics=('.json', '.yaml', '.yml', '.pkl'))
# Pixels of the shorter side of annotated images: on faces of 64 pixels the
# text would be unreadable.
SHOWN_SIDE = 224


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description='Test a checkpoint')
    parser.add_argument('config', help='path of the config')
    parser.add_argument('checkpoint', help='path of the checkpoint')
    parser.add_argument(
        '--out',
        help='file for the results: .pkl, for metrics also .json or .yaml')
    parser.add_argument(
        '--out-item', choices=['metrics', 'pred'],
        help='what to write: metrics or predictions, "pred", the default')
    parser.add_argument('--show-dir', help='folder for annotated images')
    parser.add_argument('--show', action='store_true',
                        help='show annotated images')
    parser.add_argument('--interval', type=int, default=1,
                        help='annotate every n-th image')
    parser.add_argument('--wait-time', type=float, default=2,
                        help='seconds to show an image for')
    parser.add_argument(
        '--tta', action='store_true',
        help='average the scores of each image and its mirror image, or '
        'what tta_model and tta_pipeline of the config say')
    add_common_arguments(parser)
    args = parser.parse_args(argv)
    if args.out is None and args.out_item is not None:
        parser.error('--out-item needs --out')
    if args.interval < 1:
        parser.error('--interval must be 1 or more')
    args.out_item = args.out_item or 'pred'
    suffixes = OUT_SUFFIXES[args.out_item]
    if args.out is not None and not args.out.endswith(suffixes):
        parser.error(f'--out {args.out}: with --out-item {args.out_item} it '
                     f'must end in {" or ".join(suffixes)}')
    return args


def set_visualization(cfg: Config, args: argparse.Namespace) -> None:
    """Let the visualization hook draw predictions."""
    if 'visualization' not in cfg.get('default_hooks', {}):
        raise ValueError(
            '--show and --show-dir need default_hooks=dict(visualization=dict('
            "type='mmpretrain.VisualizationHook')) in the config.")
    hook = cfg.default_hooks.visualization
    hook.update(enable=True, show=args.show, wait_time=args.wait_time,
                out_dir=args.show_dir, interval=args.interval)
    hook.setdefault('resize', SHOWN_SIDE)


def set_tta(cfg: Config) -> None:
    """Wrap model and pipeline for test-time augmentation."""
    tta_model = cfg.get('tta_model', dict(type='ipdfer_mm.AverageScoreTTA'))
    pipeline = cfg.get('tta_pipeline')
    if pipeline is None:
        *transforms, pack = cfg.test_dataloader.dataset.pipeline
        flip = 'mmpretrain.RandomFlip'
        flips = [dict(type=flip, prob=1.), dict(type=flip, prob=0.)]
        pipeline = [*transforms, dict(
            type='TestTimeAug', transforms=[flips, [deepcopy(pack)]])]
    cfg.test_dataloader.dataset.pipeline = pipeline
    cfg.model = ConfigDict(**tta_model, module=cfg.model)
    # With a wrapper for each child MMEngine would load no weights: it looks
    # through one wrapper at a time, and the model is itself one here.
    cfg.model_wrapper_cfg = dict(
        type='MMDistributedDataParallel',
        device_ids=None,
        broadcast_buffers=False)


def merge_args(cfg: Config, args: argparse.Namespace) -> None:
    """Write the flags into the config; ``--cfg-options`` come last."""
    cfg.load_from = args.checkpoint
    if args.amp:
        cfg.test_cfg.fp16 = True
    if args.show or args.show_dir is not None:
        set_visualization(cfg, args)
    set_dataloader_defaults(cfg, ['test_dataloader'], args.no_pin_memory)
    merge_cfg_options(cfg, args.cfg_options)
    # Last, because the options speak of the config's model and pipeline.
    if args.tta:
        set_tta(cfg)


def main(argv: Sequence[str] | None = None) -> None:
    """Test."""
    args = parse_args(argv)
    cfg = load_config(args)
    merge_args(cfg, args)
    prepare_environment(args)
    if 'runner_type' in cfg:
        runner = RUNNERS.build(cfg)
    else:
        runner = Runner.from_cfg(cfg)
    if args.out and args.out_item == 'pred':
        runner.test_evaluator.metrics.append(
            DumpResults(out_file_path=args.out))
    with explained_errors(cfg, ['test_dataloader']):
        metrics = runner.test()
    if args.out and args.out_item == 'metrics' and is_main_process():
        # ConfusionMatrix gives a tensor, which JSON and YAML do not know.
        content = mmengine.dump({
            name: value.tolist() if isinstance(value, torch.Tensor) else value
            for name, value in metrics.items()
        }, file_format=Path(args.out).suffix[1:])
        write_atomically(
            Path(args.out),
            content.encode() if isinstance(content, str) else content,
            'choose another file with --out')
    leave_process_group()


if __name__ == '__main__':
    escape_unprintable()
    main()
