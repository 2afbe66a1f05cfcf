"""What the command-line tools have in common."""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path

import torch
from mmengine.config import Config, ConfigDict, DictAction
from mmengine.registry import init_default_scope

from .compat import init_dist_without_cuda, set_checkpoint_trust
from .messages import escape_unprintable

DATALOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
RUNNER_HOOKS = {'runtime_info', 'timer', 'sampler_seed', 'logger',
                'param_scheduler', 'checkpoint'}
FAILED = 2  # exit status of a tool that could not do its work


@contextmanager
def explained(*errors: type[Exception]) -> Iterator[None]:
    """End a tool with one line about what its user can do something about.

    Decorates ``main``. The console prints every name.

    Args:
        *errors (type[Exception]): What the user can do something about; other
            exceptions are bugs, and have a traceback.

    Raises:
        SystemExit: With the status 2 after one of them.
    """
    escape_unprintable()
    try:
        yield
    except errors as error:
        print(f'{type(error).__name__}: {error}', file=sys.stderr)
        sys.exit(FAILED)


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags that training and testing share.

    Args:
        parser (argparse.ArgumentParser): The parser to add to.
    """
    parser.add_argument('--work-dir', help='folder for logs and results')
    parser.add_argument('--amp', action='store_true',
                        help='automatic mixed precision (needs a GPU)')
    parser.add_argument('--no-pin-memory', action='store_true',
                        help='switch pinned memory off in all data loaders')
    add_override_arguments(parser)
    parser.add_argument('--launcher', default='none', help='job launcher',
                        choices=['none', 'pytorch', 'slurm', 'mpi'])
    # torch.distributed.launch passes it, torchrun sets LOCAL_RANK instead.
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)


def add_override_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of all tools that read a config and a checkpoint.

    Args:
        parser (argparse.ArgumentParser): The parser to add to.
    """
    add_trust_argument(parser)
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction,
        help='override settings of the config: key=value, key="[a,b]" or '
        'key=a,b; quotes are needed and no blanks allowed')


def add_trust_argument(parser: argparse.ArgumentParser) -> None:
    """Add the flag of all tools that read a checkpoint.

    Args:
        parser (argparse.ArgumentParser): The parser to add to.
    """
    parser.add_argument(
        '--trust-checkpoint', action='store_true',
        help='load checkpoints that hold pickled objects, which can run any '
        'code: only for files from people you trust')


def add_network_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the networks that may be asked about synthesized faces.

    Args:
        parser (argparse.ArgumentParser): The parser to add to.
    """
    parser.add_argument(
        '--classifier', nargs=2, metavar=('CONFIG', 'CHECKPOINT'),
        help='an expression classifier that shares no training image with '
        'the model, asked what synthesized faces show')
    parser.add_argument(
        '--identity-network', nargs=2, metavar=('CONFIG', 'CHECKPOINT'),
        help="a face-recognition network other than the model's own identity "
        'encoder, to say whose the synthesized faces are')


def open_config(args: argparse.Namespace) -> Config:
    """Read the config of a tool that builds no Runner.

    Args:
        args (argparse.Namespace): Parsed flags: ``config``, ``cfg_options``
            and, if the tool reads a checkpoint, ``trust_checkpoint``.

    Returns:
        Config: With ``--cfg-options``; its default scope is active.

    Raises:
        FileNotFoundError: If there is no such file.
    """
    cfg = _read_config(args.config)
    merge_cfg_options(cfg, args.cfg_options)
    init_default_scope(cfg.get('default_scope', 'ipdfer_mm'))
    set_checkpoint_trust(getattr(args, 'trust_checkpoint', False))
    return cfg


def _read_config(path: str) -> Config:
    if not Path(path).is_file():
        raise FileNotFoundError(f'The config {path} does not exist.')
    return Config.fromfile(path)


def parse_experiment_args(parser: argparse.ArgumentParser,
                          argv: Sequence[str] | None,
                          results: str) -> argparse.Namespace:
    """Parse the flags of a tool that reads finished experiments.

    Args:
        parser (argparse.ArgumentParser): With the flags of the tool; those
            that all have are added.
        argv (Sequence[str], optional): The command line; None for that of
            this process.
        results (str): What the tool writes, and where by default.

    Returns:
        argparse.Namespace: With ``folders`` and ``out``.
    """
    parser.add_argument('folders', nargs='+', type=Path,
                        help='what --out of tools/run_experiments.py was')
    parser.add_argument('--out', type=Path, help=f'folder of the {results} '
                        f'(default: {results} in the first folder)')
    args = parser.parse_args(argv)
    args.out = args.out or args.folders[0] / results
    return args


def parse_onnx_args(parser: argparse.ArgumentParser,
                    argv: Sequence[str] | None, purpose: str,
                    default_set: str, num_images: int) -> argparse.Namespace:
    """Parse the flags of a tool that writes ONNX with the help of images.

    Args:
        parser (argparse.ArgumentParser): With ``out`` and the flags of the
            tool; those that all have are added.
        argv (Sequence[str], optional): The command line; None for that of
            this process.
        purpose (str): What the images are for.
        default_set (str): Name of the set that they come from by default.
        num_images (int): How many there are by default.

    Returns:
        argparse.Namespace: With ``images``, ``num_images`` and
        ``cfg_options``.
    """
    parser.add_argument(
        '--images', type=Path,
        help=f'folder of aligned faces to {purpose} with (default: the '
        f'{default_set} set of the config)')
    parser.add_argument('--num-images', type=int, default=num_images,
                        help='how many of them (default: %(default)s)')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    args = parser.parse_args(argv)
    if args.out.suffix != '.onnx':
        parser.error(f'{args.out} must end with .onnx')
    if args.num_images < 1:
        parser.error('--num-images must be 1 or more')
    return args


def prepare_environment(args: argparse.Namespace) -> None:
    """Set up the process before a Runner is built.

    Args:
        args (argparse.Namespace): Parsed flags of
            :func:`add_common_arguments`.
    """
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    set_checkpoint_trust(args.trust_checkpoint)
    init_dist_without_cuda(args.launcher)


def load_config(args: argparse.Namespace) -> Config:
    """Read the config and apply launcher and work folder.

    The folder is, first match wins: ``--work-dir``, ``work_dir`` of the
    config, ``work_dirs/<path of the config below configs>``: those of one
    name in two folders shall not share one.

    Args:
        args (argparse.Namespace): Parsed flags, with ``config``.

    Returns:
        Config: The config; ``--cfg-options`` are not applied yet.
    """
    cfg = _read_config(args.config)
    cfg.launcher = args.launcher
    if args.work_dir is not None:
        cfg.work_dir = args.work_dir
    elif cfg.get('work_dir') is None:
        path = Path(args.config).absolute().with_suffix('')
        top = next((folder for folder in path.parents
                    if folder.name == 'configs'), path.parent)
        cfg.work_dir = str(Path('work_dirs', path.relative_to(top)))
    return cfg


def set_dataloader_defaults(cfg: Config, names: Sequence[str],
                            no_pin_memory: bool) -> None:
    """Fill in what data loaders of the config leave open.

    Args:
        cfg (Config): The config, changed in place.
        names (Sequence[str]): Names of the data loaders.
        no_pin_memory (bool): Whether to switch pinned memory off.
    """
    defaults = ConfigDict(
        pin_memory=torch.cuda.is_available(),
        collate_fn=dict(type='default_collate'))
    for name in names:
        if cfg.get(name) is None:
            continue
        cfg[name] = ConfigDict({**deepcopy(defaults), **cfg[name]})
        if no_pin_memory:
            cfg[name].pin_memory = False


def merge_cfg_options(cfg: Config, options: dict | None) -> None:
    """Apply ``--cfg-options``, which win over the config and other flags.

    A default hook that is None is left out, also one that the Runner has not
    of itself.

    Args:
        cfg (Config): The config, changed in place.
        options (dict, optional): Values by dotted key.
    """
    if options is not None:
        cfg.merge_from_dict(options)
    for name in DATALOADERS:
        loader = cfg.get(name)
        # torch refuses to keep workers that do not exist.
        if loader is not None and loader.get('num_workers', 0) == 0:
            loader.persistent_workers = False
    # The Runner takes None for its own default hooks only.
    hooks = cfg.get('default_hooks') or {}
    for name in set(hooks) - RUNNER_HOOKS:
        if hooks[name] is None:
            del hooks[name]
