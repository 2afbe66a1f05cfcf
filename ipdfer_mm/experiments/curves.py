"""Accuracy over the settings that were swept."""

from collections.abc import Sequence
from typing import Any

from .results import Experiment

Curves = dict[str, dict[float, list[float]]]


def read_curves(base: Experiment, swept: Sequence[Experiment],
                which: str) -> tuple[Curves, list[str]]:
    """Collect accuracies by swept setting and value.

    Args:
        base (Experiment): The config as it is, a point of each curve.
        swept (Sequence[Experiment]): The same with one setting changed.
        which (str): ``'last'`` or ``'best'`` checkpoint.

    Returns:
        tuple[Curves, list[str]]: For each setting the accuracies of all
        seeds, per cent, by value; a loss that is left out has the value 0.
        And the names of experiments whose setting is no number, or not in
        the config ``base``.
    """
    curves: Curves = {}
    without = []
    for experiment in swept:
        (key, value), = experiment.first.state['sweep'].items()
        try:
            own = _as_number(_lookup(base.first.settings, key))
            value = _as_number(value)
        except (KeyError, TypeError, ValueError):
            without.append(experiment.name)
            continue
        curve = curves.setdefault(key, {own: _accuracies(base, which)})
        curve[value] = _accuracies(experiment, which)
    return curves, without


def _lookup(settings: dict, key: str) -> object:
    """Follow a dotted key."""
    for part in key.split('.'):
        settings = settings[part]
    return settings


def _as_number(value: Any) -> float:
    return 0. if value in (None, 'None') else float(value)


def _accuracies(experiment: Experiment, which: str) -> list[float]:
    return [p.accuracy for p in experiment.predictions(which).values()]
