"""Train a model."""

import argparse
from collections.abc import Sequence

from mmengine.config import Config
from mmengine.registry import RUNNERS
from mmengine.runner import Runner

from ipdfer_mm.utils.cli import (
    DATALOADERS,
    add_common_arguments,
    load_config,
    merge_cfg_options,
    prepare_environment,
    set_dataloader_defaults,
)
from ipdfer_mm.utils.compat import leave_process_group
from ipdfer_mm.utils.messages import escape_unprintable
from ipdfer_mm.utils.run_errors import explained_errors


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description='Train a model')
    parser.add_argument('config', help='path of the config')
    parser.add_argument(
        '--resume', nargs='?', const='auto',
        help='checkpoint to resume from; without a value, the latest one in '
        'the work folder')
    parser.add_argument('--no-validate', action='store_true',
                        help='do not evaluate during training')
    parser.add_argument(
        '--auto-scale-lr', action='store_true',
        help='scale the learning rate with the total batch size')
    parser.add_argument(
        '--no-persistent-workers', action='store_true',
        help='start the workers of all data loaders anew in each epoch')
    add_common_arguments(parser)
    return parser.parse_args(argv)


def set_amp(optim_wrapper: dict) -> None:
    """Turn every optimizer wrapper of a config into an AmpOptimWrapper.

    Args:
        optim_wrapper (dict): One wrapper, or one for each step of an
            alternation; changed in place.

    Raises:
        ValueError: If a wrapper is of a third type.
    """
    wrappers = {f'optim_wrapper.{key}': wrapper
                for key, wrapper in optim_wrapper.items()
                if isinstance(wrapper, dict)}
    if 'optimizer' in optim_wrapper:
        wrappers = dict(optim_wrapper=optim_wrapper)
    for name, wrapper in wrappers.items():
        kind = wrapper.get('type', 'OptimWrapper')
        if kind not in ('OptimWrapper', 'AmpOptimWrapper'):
            raise ValueError(f'--amp works with {name}.type="OptimWrapper", '
                             f'not "{kind}".')
        wrapper['type'] = 'AmpOptimWrapper'
        wrapper.setdefault('loss_scale', 'dynamic')


def set_resume(cfg: Config, checkpoint: str) -> None:
    """Go on from a checkpoint, 'auto' for the latest one."""
    if checkpoint.endswith('.safetensors'):
        raise ValueError(
            f'--resume {checkpoint}: exported weights hold no state of the '
            'optimizers. Resume from the .pth file, or start from the weights '
            'with --cfg-options load_from=...')
    cfg.resume = True
    if checkpoint != 'auto':
        cfg.load_from = checkpoint


def merge_args(cfg: Config, args: argparse.Namespace) -> None:
    """Write the flags into the config; ``--cfg-options`` come last."""
    if args.no_validate:
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
        cfg.default_hooks.checkpoint.save_best = None
    if args.amp:
        set_amp(cfg.optim_wrapper)
    if args.resume is not None:
        set_resume(cfg, args.resume)
    if args.auto_scale_lr:
        if cfg.get('auto_scale_lr') is None:
            raise ValueError('--auto-scale-lr needs auto_scale_lr=dict('
                             'base_batch_size=...) in the config.')
        cfg.auto_scale_lr.enable = True
    set_dataloader_defaults(cfg, DATALOADERS, args.no_pin_memory)
    for name in DATALOADERS:
        if args.no_persistent_workers and cfg.get(name) is not None:
            cfg[name].persistent_workers = False
    merge_cfg_options(cfg, args.cfg_options)
    if args.resume == 'auto' and cfg.get('load_from'):
        # Weights to start from, not a run to go on with.
        hook = cfg.default_hooks.get('resume_checkpoint')
        if hook is None:
            raise ValueError(
                f'--resume with load_from={cfg.load_from} needs '
                "default_hooks=dict(resume_checkpoint=dict(type='"
                "ResumeCheckpointHook')) in the config.")
        hook.start_from = cfg.load_from
        cfg.load_from = None


def main(argv: Sequence[str] | None = None) -> None:
    """Train."""
    args = parse_args(argv)
    cfg = load_config(args)
    merge_args(cfg, args)
    prepare_environment(args)
    if 'runner_type' in cfg:
        runner = RUNNERS.build(cfg)
    else:
        runner = Runner.from_cfg(cfg)
    with explained_errors(cfg, ['train_dataloader', 'val_dataloader']):
        runner.train()
    leave_process_group()


if __name__ == '__main__':
    escape_unprintable()
    main()
