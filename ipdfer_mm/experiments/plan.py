"""Which runs a set of experiments consists of."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mmengine.config import Config, ConfigDict, DictAction
from mmengine.registry import DefaultScope

from ipdfer_mm.registry import DATASETS
from ipdfer_mm.utils.cli import DATALOADERS

SMOKE_EPOCHS = 2
SMOKE_ITERATIONS = 2
# On a CPU an iteration of IPD-FER with 32 images takes half a minute.
SMOKE_BATCH = 4
SMOKE_IMAGES = 140  # of validation and test
SMOKE_FOLDS = (0, 1)


@dataclass(frozen=True)
class Run:
    """One training and its tests.

    Attributes:
        name (str): Of the experiment: the config's, and what is swept.
        config (Path): The config file.
        options (tuple[str, ...]): For ``--cfg-options``.
        seed (int): Seed.
        fold (int, optional): Fold of a cross-validation.
        folder (Path): Its own.
        sweep (dict[str, str]): The swept setting and its value; empty for the
            config as it is.
        smoke (bool): Whether it only shows that all works.
    """

    name: str
    config: Path
    options: tuple[str, ...]
    seed: int
    fold: int | None
    folder: Path
    sweep: dict[str, str] = field(default_factory=dict)
    smoke: bool = False

    @property
    def title(self) -> str:
        """Name, seed and fold, such as ``ipdfer_ckplus/seed0/fold3``."""
        return '/'.join([self.name, *_places(self.seed, self.fold)])

    def load_config(self) -> Config:
        """Read the config, with the options of this run.

        Returns:
            Config: The config.
        """
        cfg = Config.fromfile(self.config)
        cfg.merge_from_dict(parse_options(self.options))
        return cfg


def plan_runs(configs: Sequence[Path],
              out: Path,
              seeds: Sequence[int],
              folds: Sequence[int] | None = None,
              sweeps: Sequence[str] = (),
              options: Sequence[str] = (),
              smoke: bool = False) -> list[Run]:
    """List the runs of a set of experiments.

    All experiments come with the first seed, then with the next, so that
    tables can be made early.

    Args:
        configs (Sequence[Path]): Config files with different names.
        out (Path): Folder of all runs.
        seeds (Sequence[int]): Seeds.
        folds (Sequence[int], optional): Folds of configs whose dataset has
            folds. Defaults to None, all of them, two for a smoke run.
        sweeps (Sequence[str]): Like ``'model.loss_cos.loss_weight=0.1,1'``:
            each config also runs with each of these values, one setting at a
            time, as in Fig. 7 of the paper.
        options (Sequence[str]): Like ``'key=value'``, for all runs.
        smoke (bool): Whether to train a few iterations only.

    Returns:
        list[Run]: The runs.

    Raises:
        FileNotFoundError: If a config does not exist.
        ValueError: If two configs have the same name, one is not trained by
            epochs, or a text is not of the form ``key=value``.
    """
    for text in [*sweeps, *options]:
        if '=' not in text:
            raise ValueError(f'{text!r} is not of the form KEY=VALUE.')
    asked = folds is not None
    if folds is None and smoke:
        folds = SMOKE_FOLDS
    experiments: dict[str, tuple] = {}
    for config in configs:
        cfg = _read_config(config, options)
        own = (*(smoke_options(cfg) if smoke else []), *options)
        for sweep in [{}, *_swept(sweeps)]:
            name = _name(config, sweep)
            if name in experiments:
                raise ValueError(
                    f'Several experiments have the name {name}; runs are '
                    'named by the config file and the swept setting.')
            keys = [_unwrap(cfg, loader)[1] for loader in DATALOADERS]
            experiments[name] = config, own, sweep, keys, _folds(cfg, folds)
    if asked and all(own == [None] for *_, own in experiments.values()):
        raise ValueError('--folds: no config has a dataset with folds.')
    return [
        Run(name, config,
            (f'randomness.seed={seed}', *_fold_options(fold, keys), *own,
             *(f'{key}={value}' for key, value in sweep.items())),
            seed, fold, Path(out, name, *_places(seed, fold)), sweep, smoke)
        for seed in seeds
        for name, (config, own, sweep, keys, own_folds) in experiments.items()
        for fold in own_folds
    ]


def parse_options(options: Sequence[str]) -> dict:
    """Parse what ``--cfg-options`` takes.

    Args:
        options (Sequence[str]): Like ``'key=value'``.

    Returns:
        dict: Values by dotted key.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument('--options', nargs='*', action=DictAction, default={})
    return parser.parse_args(['--options', *options]).options


def smoke_options(cfg: Config) -> list[str]:
    """Settings that shorten a training to a few iterations.

    Args:
        cfg (Config): The config.

    Returns:
        list[str]: For ``--cfg-options``.
    """
    options = [f'train_cfg.max_epochs={SMOKE_EPOCHS}',
               f'train_dataloader.batch_size={SMOKE_BATCH}']
    for loader in DATALOADERS:
        images = (SMOKE_ITERATIONS * SMOKE_BATCH
                  if loader == DATALOADERS[0] else SMOKE_IMAGES)
        options.append(f'{_unwrap(cfg, loader)[1]}.indices={images}')
    return options


def _read_config(config: Path, options: Sequence[str]) -> Config:
    """Read a config that an experiment can be made of."""
    if not config.is_file():
        raise FileNotFoundError(f'The config {config} does not exist.')
    cfg = Config.fromfile(config)
    cfg.merge_from_dict(parse_options(options))
    for key in (*DATALOADERS, 'test_evaluator'):
        if cfg.get(key) is None:
            raise ValueError(f'{config} has no {key}, but an experiment is '
                             'trained, validated and tested.')
    if 'max_epochs' not in cfg.train_cfg:
        raise ValueError(f'{config} has no train_cfg.max_epochs: only '
                         'trainings by epoch are supported.')
    return cfg


def _swept(sweeps: Sequence[str]) -> list[dict[str, str]]:
    pairs = [sweep.split('=', 1) for sweep in sweeps]
    return [{key: value} for key, values in pairs
            for value in _split_values(values)]


def _split_values(text: str) -> list[str]:
    """Split at the commas that are in no brackets."""
    values, depth = [''], 0
    for char in text:
        depth += (char in '([{') - (char in ')]}')
        if char == ',' and not depth:
            values.append('')
        else:
            values[-1] += char
    return values


def _name(config: Path, sweep: dict[str, str]) -> str:
    parts = [f'{key.removeprefix("model.")}={value}'
             for key, value in sweep.items()]
    return '+'.join([config.stem, *parts]).replace(os.sep, '_')


def _unwrap(cfg: Config, loader: str) -> tuple[ConfigDict, str]:
    """Dataset of a loader, out of wrappers such as ClassBalancedDataset."""
    dataset, key = cfg[loader].dataset, f'{loader}.dataset'
    while 'dataset' in dataset:
        dataset, key = dataset.dataset, f'{key}.dataset'
    return dataset, key


def _folds(cfg: Config,
           folds: Sequence[int] | None) -> Sequence[int | None]:
    # Not mmpretrain's KFoldDataset, whose `fold` is that of validation only.
    dataset, _ = _unwrap(cfg, DATALOADERS[0])
    with DefaultScope.overwrite_default_scope('ipdfer_mm'):
        kind = DATASETS.get(dataset.type)
    if dataset.get('fold') is None or not hasattr(kind, 'NUM_FOLDS'):
        return [None]
    return range(kind.NUM_FOLDS) if folds is None else folds


def _fold_options(fold: int | None, keys: Sequence[str]) -> list[str]:
    return [] if fold is None else [f'{key}.fold={fold}' for key in keys]


def _places(seed: int, fold: int | None) -> list[str]:
    return [f'seed{seed}'] + ([] if fold is None else [f'fold{fold}'])
