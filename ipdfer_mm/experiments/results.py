"""What finished runs say."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import mmengine
import numpy as np

from ipdfer_mm.analysis.predictions import Predictions, load_predictions, pool
from ipdfer_mm.utils.run_settings import FILE as SETTINGS_FILE

from .execution import CHECKPOINTS, read_scalars
from .state import FILE, FINISHED, read_state

# Settings that runs which are averaged may differ in, wherever they stand,
# and in which place only.
OF_ONE_RUN = ('fold', 'data_root', 'num_workers', 'persistent_workers',
              'pin_memory')
OF_ONE_RUN_AT_TOP = ('load_from', 'randomness')


class RunResult(NamedTuple):
    """A finished run.

    Attributes:
        folder (Path): Its folder.
        state (dict): See :func:`.state.read_state`.
        settings (dict): Its config.
        predictions (dict[str, Predictions]): Of the ``last`` checkpoint and,
            where there is one, the ``best``.
        seconds (float): Of an epoch of training; nan if nothing was logged.
        test_ms (float): Milliseconds for each test image.
    """

    folder: Path
    state: dict
    settings: dict
    predictions: dict[str, Predictions]
    seconds: float
    test_ms: float


@dataclass
class SeedResult:
    """All folds of an experiment with one seed; one run without folds.

    Attributes:
        seed (int): The seed.
        runs (list[RunResult]): The folds, in order.
    """

    seed: int
    runs: list[RunResult]

    def predictions(self, which: str) -> Predictions | None:
        """Predictions, pooled over the folds.

        Args:
            which (str): ``'last'`` or ``'best'`` checkpoint.

        Returns:
            Predictions | None: None where a fold has no such checkpoint.
        """
        parts = [run.predictions.get(which) for run in self.runs]
        if None in parts:
            return None
        return pool(parts)

    def fold_mean(self, which: str) -> float:
        """Mean of the accuracies of the folds, per cent."""
        return float(np.mean(
            [run.predictions[which].accuracy for run in self.runs]))


@dataclass
class Experiment:
    """A config with one or more seeds.

    Attributes:
        name (str): Its name.
        seeds (list[SeedResult]): In order of the seed.
    """

    name: str
    seeds: list[SeedResult]

    @property
    def first(self) -> RunResult:
        """One of its runs, for what all have in common."""
        return self.seeds[0].runs[0]

    @property
    def dataset(self) -> str:
        """Test dataset: its class, and of CK+ the number of expressions."""
        cfg = self.first.settings['test_dataloader']['dataset']
        name = cfg['type'].rpartition('.')[2]
        return f'{name}{cfg.get("num_expressions", "")}'

    @property
    def smoke(self) -> bool:
        """Whether a run of it is a smoke run."""
        return any(run.state['smoke'] for seed in self.seeds
                   for run in seed.runs)

    @property
    def has_folds(self) -> bool:
        """Whether it is a cross-validation."""
        return self.first.state['fold'] is not None

    @property
    def chosen_on_test(self) -> bool:
        """Whether the best epoch was chosen on the test images."""
        val, test = (self.first.settings[f'{name}_dataloader']['dataset']
                     for name in ('val', 'test'))
        return val == test

    def predictions(self, which: str) -> dict[int, Predictions]:
        """Predictions by seed.

        Args:
            which (str): ``'last'`` or ``'best'`` checkpoint.

        Returns:
            dict[int, Predictions]: Those there are.
        """
        found = {seed.seed: seed.predictions(which) for seed in self.seeds}
        return {key: value for key, value in found.items()
                if value is not None}


def read_experiments(
        folders: Sequence[Path]) -> tuple[list[Experiment], list[str]]:
    """Read all finished runs below some folders.

    Args:
        folders (Sequence[Path]): What ``tools/run_experiments.py --out`` was.

    Returns:
        tuple[list[Experiment], list[str]]: The experiments by name, and the
        names of the runs that are not finished. A seed of which a fold is
        missing is left out.

    Raises:
        FileNotFoundError: If there is no run.
        ValueError: If an experiment is in two folders, or its runs have
            other settings, or a file is damaged.
    """
    missing: list[str] = []
    folder_of: dict[str, Path] = {}
    folds: dict[tuple[str, int], list[tuple[Path, str]]] = {}
    for folder in folders:
        paths = sorted(folder.glob(f'*/seed*/**/{FILE}'))
        if not paths:
            raise FileNotFoundError(f'{folder} holds no runs. Make some with '
                                    'tools/run_experiments.py.')
        for place in (path.parent for path in paths):
            state = read_state(place)
            name, status = state['name'], state['status']
            if folder_of.setdefault(name, folder) != folder:
                raise ValueError(f'{folder}: {name} is in {folder_of[name]}, '
                                 'too.')
            folds.setdefault((name, state['seed']), []).append((place, status))
            if status != FINISHED:
                missing.append(f'{place.relative_to(folder)} ({status})')
    seeds: dict[str, list[SeedResult]] = {}
    for (name, seed), runs in sorted(folds.items()):
        if all(status == FINISHED for _, status in runs):
            seeds.setdefault(name, []).append(
                SeedResult(seed, [read_run(place) for place, _ in runs]))
    for name, results in seeds.items():
        _check_same_settings(name, results)
    return [Experiment(name, results) for name, results in seeds.items()], (
        missing)


def _check_same_settings(name: str, results: Sequence[SeedResult]) -> None:
    """Refuse to average what differs in more than seed and fold."""
    runs = [run for seed in results for run in seed.runs]
    first, *others = [_comparable_settings(run.settings) for run in runs]
    for run, settings in zip(runs[1:], others):
        changed = sorted(key for key in {*first, *settings}
                         if first.get(key) != settings.get(key))
        if changed:
            raise ValueError(
                f'{name}: {run.folder} and {runs[0].folder} have other '
                f'settings ({", ".join(changed)}), so that no mean can be '
                'taken. Keep them in two folders (--out of '
                'tools/run_experiments.py).')


def _comparable_settings(settings: dict) -> dict:
    """Settings without those that differ by run or by machine."""
    kept = {key: value for key, value in settings.items()
            if key not in OF_ONE_RUN_AT_TOP}
    randomness = dict(settings.get('randomness') or {})
    randomness.pop('seed', None)
    return _comparable(dict(kept, randomness=randomness))


def _comparable(settings: Any) -> Any:
    if isinstance(settings, list):
        return [_comparable(value) for value in settings]
    if not isinstance(settings, dict):
        return settings
    return {key: _comparable(value) for key, value in settings.items()
            if key not in OF_ONE_RUN}


def read_run(folder: Path) -> RunResult:
    """Read a finished run.

    Args:
        folder (Path): Its folder.

    Returns:
        RunResult: The run.
    """
    state = read_state(folder)
    settings = mmengine.load(folder / SETTINGS_FILE)
    asked = asked_classes(settings)
    predictions = {
        which: load_predictions(folder / f'{which}.pkl', state['classes'],
                                asked)
        for which in CHECKPOINTS if (folder / f'{which}.pkl').is_file()
    }
    times = [record['time'] for record in read_scalars(folder)
             if 'epoch' in record and 'time' in record]
    seconds = np.mean(times) * state['iterations'] if times else np.nan
    return RunResult(folder, state, settings, predictions, float(seconds),
                     _test_ms(folder, settings))


def asked_classes(settings: dict) -> list[str] | None:
    """Classes that the accuracy of a config is about.

    Args:
        settings (dict): Config.

    Returns:
        list[str] | None: Those of a ``ClassSubsetAccuracy`` that is called
        ``top1``, as for CK+; None for all.
    """
    metrics = settings['test_evaluator']
    for metric in metrics if isinstance(metrics, list) else [metrics]:
        if metric['type'].endswith('ClassSubsetAccuracy') and (
                metric.get('name') == 'top1'):
            return metric['classes']
    return None


def _test_ms(folder: Path, settings: dict) -> float:
    """Milliseconds of the test loop for an image, without loading it."""
    num_images = len(mmengine.load(folder / 'last.pkl'))
    batches = -(-num_images // settings['test_dataloader']['batch_size'])
    times = []
    for path in folder.glob('test_*/*/*.json'):
        record = mmengine.load(path)
        if {'time', 'data_time'} <= set(record):
            times.append(record['time'] - record['data_time'])
    if not times:
        return np.nan
    return 1000 * float(np.mean(times)) * batches / num_images
