"""Tables of experiments on one dataset, as those of the paper."""

import re
from collections.abc import Iterable, Sequence

import numpy as np

from ipdfer_mm.analysis.predictions import Predictions, check_same_images
from ipdfer_mm.analysis.significance import mcnemar, paired_bootstrap
from ipdfer_mm.geometry.yaw_bins import POSE_EDGES, UNKNOWN_POSE
from ipdfer_mm.utils.text_table import Spread, TextTable

from . import paper
from .results import Experiment
from .state import SMOKE

WHICH = dict(best='best epoch', last='last epoch')
SPREAD = ('Of several seeds: mean ± standard deviation (n - 1); before the '
          'brackets the best seed.')
BASELINE = 'baseline_'
# Columns of predictions, and which attribute each shows.
MEASURES = {'accuracy': 'accuracy', 'macro F1': 'macro_f1', 'UAR': 'uar'}


def make_tables(experiments: Sequence[Experiment],
                with_paper: bool = True) -> list[TextTable]:
    """Make all tables of the experiments on one dataset.

    Args:
        experiments (Sequence[Experiment]): They have the same ``dataset``.
        with_paper (bool): Whether the paper's numbers stand beside.

    Returns:
        list[TextTable]: Accuracy, accuracy by pose where poses are known,
        comparison with the baseline where there is one, times, and all runs.

    Raises:
        ValueError: If two runs were tested on different images.
    """
    _check_all(experiments)
    tables = [accuracy_table(experiments, with_paper)]
    for which in WHICH:
        tables += [
            pose_table(experiments, which, with_paper),
            comparison_table(experiments, which)
        ]
    tables += [time_table(experiments, with_paper), runs_table(experiments)]
    tables = [table for table in tables if table.rows]
    for table in tables:
        table.title = f'{experiments[0].dataset}: {table.title}'
        if any(experiment.smoke for experiment in experiments):
            table.title = f'{SMOKE}: {table.title}'
    return tables


def find_baseline(name: str, names: Sequence[str]) -> str | None:
    """Find what an experiment is compared with.

    Args:
        name (str): Such as ``'ipdfer_rafdb_without_cos'``.
        names (Sequence[str]): Those there are.

    Returns:
        str | None: The one of ``baseline_*`` that stands for the same
        settings as far as possible, here ``'baseline_rafdb'``: the longest
        whose words are in the name in a row, of these the first; None
        without.
    """
    words = re.split('[_+]', name)
    fitting = {}
    for other in names:
        theirs = re.split('[_+]', other.removeprefix(BASELINE))
        places = [start for start in range(1, len(words))
                  if words[start:start + len(theirs)] == theirs]
        if other.startswith(BASELINE) and other != name and places:
            fitting[other] = len(theirs), -places[0]
    return max(fitting, key=fitting.__getitem__, default=None)


def accuracy_table(experiments: Sequence[Experiment],
                   with_paper: bool) -> TextTable:
    """Make the table of accuracies, as Tables 2 to 6 and 9.

    Args:
        experiments (Sequence[Experiment]): The rows.
        with_paper (bool): Whether to add the paper's numbers.

    Returns:
        TextTable: Accuracy, macro F1 and UAR of best and last epoch.
    """
    folds = experiments[0].has_folds
    header = ['experiment', 'seeds']
    for title in WHICH.values():
        header += [f'{title}: {name}' for name in MEASURES]
        header += [f'{title}: mean of folds'] if folds else []
    rows = []
    for experiment in experiments:
        row = [experiment.name, len(experiment.seeds)]
        for which in WHICH:
            found = experiment.predictions(which)
            row += [Spread(tuple(getattr(p, name) for p in found.values()),
                           with_best=name == 'accuracy')
                    for name in MEASURES.values()]
            if folds:
                row.append(Spread(tuple(
                    seed.fold_mean(which) for seed in experiment.seeds
                    if seed.seed in found)))
        rows.append(row)
    notes = [SPREAD, *_best_notes(experiments)]
    if folds:
        notes.append('Accuracy, F1 and UAR are of the images of all folds '
                     'together.')
    table = TextTable('accuracy', 'accuracy, macro F1 and UAR, per cent',
                      header, rows, notes)
    known = [paper.ACCURACY.get((experiment.name, experiment.dataset))
             for experiment in experiments]
    if with_paper and any(known):
        _add_column(table, 'paper', known)
        table.notes += [paper.NOTES[experiment.name]
                        for experiment in experiments
                        if experiment.name in paper.NOTES]
    return table


def pose_table(experiments: Sequence[Experiment], which: str,
               with_paper: bool) -> TextTable:
    """Make the table of accuracies above each angle of yaw, as Table 8.

    Args:
        experiments (Sequence[Experiment]): The rows.
        which (str): ``'best'`` or ``'last'`` epoch.
        with_paper (bool): Whether to add the paper's numbers.

    Returns:
        TextTable: The table; without rows where no pose is known.
    """
    poses = _one(experiments).poses
    subsets = [np.full(len(poses), True),
               *(poses >= i for i in range(1, len(POSE_EDGES) + 1))]
    titles = ['all', *(f'over {edge}°' for edge in POSE_EDGES)]
    header = ['experiment',
              *(f'{title} ({subset.sum()})'
                for title, subset in zip(titles, subsets))]
    rows = []
    for experiment in experiments if (poses != UNKNOWN_POSE).any() else []:
        found = experiment.predictions(which).values()
        rows.append([experiment.name, *(
            Spread(tuple(100 * float(p.right[subset].mean()) for p in found)
                   if subset.any() else ()) for subset in subsets)])
        numbers = paper.POSE.get(experiment.name)
        if with_paper and numbers and experiment.dataset in paper.POSE_NUMBERS:
            rows.append([f'{experiment.name}, paper', *(
                f'{number:.2f} ({of})' for number, of in zip(
                    numbers, paper.POSE_NUMBERS[experiment.dataset]))])
    notes = ['An angle is that of the absolute yaw; the number of images is '
             'in brackets.', SPREAD]
    unknown = int((poses == UNKNOWN_POSE).sum())
    if unknown:
        notes.append(f'Images whose yaw is not known: {unknown}; they count '
                     'under "all" only.')
    return TextTable(f'pose_{which}',
                     f'accuracy by head pose, {WHICH[which]}, per cent',
                     header, rows, notes)


def comparison_table(experiments: Sequence[Experiment],
                     which: str) -> TextTable:
    """Compare experiments with their baseline on the same images.

    See :func:`find_baseline`.

    Args:
        experiments (Sequence[Experiment]): The rows, and their baselines.
        which (str): ``'best'`` or ``'last'`` epoch.

    Returns:
        TextTable: A row for each seed that both have, and one for all of
        them; without rows where there is no baseline.
    """
    by_name = {experiment.name: experiment for experiment in experiments}
    subjects = _one(experiments).has_subjects
    rows, notes = [], []
    for name, experiment in by_name.items():
        base = find_baseline(name, list(by_name))
        if base is None:
            if not name.startswith(BASELINE):
                notes.append(f'{name} is not compared: no {BASELINE}* has a '
                             'name that fits.')
            continue
        ours = experiment.predictions(which)
        theirs = by_name[base].predictions(which)
        seeds = sorted(ours.keys() & theirs.keys())
        alone = sorted(ours.keys() ^ theirs.keys())
        if alone:
            notes.append(f'{name} and {base} do not both have the seeds '
                         f'{", ".join(map(str, alone))}.')
        compared = {str(seed): [seed] for seed in seeds}
        if len(seeds) > 1:
            compared['all'] = seeds
        for title, chosen in compared.items():
            rows.append([name, base, title, *_compare(
                [theirs[seed] for seed in chosen],
                [ours[seed] for seed in chosen])])
    notes += [
        "Difference: in points of accuracy. p: McNemar's test of one seed, "
        'exact and mid-p, images taken as independent.',
        '95 %: percentile bootstrap that draws '
        f'{"subjects" if subjects else "images, as subjects are not known"}, '
        '10,000 times; of all seeds: of the mean over seeds, whose own '
        'spread is not in it.',
        'No correction for several comparisons.'
    ]
    return TextTable(
        f'comparison_{which}', f'compared with the baseline, {WHICH[which]}',
        ['experiment', 'baseline', 'seed', 'difference', '95 % from',
         '95 % to', 'only baseline right', 'only experiment right', 'p exact',
         'p mid', 'subjects' if subjects else 'images'], rows, notes)


def time_table(experiments: Sequence[Experiment],
               with_paper: bool) -> TextTable:
    """Make the table of training times, as Table 7, and test speed.

    Args:
        experiments (Sequence[Experiment]): The rows.
        with_paper (bool): Whether to add the paper's hours.

    Returns:
        TextTable: The table.
    """
    header = ['experiment', 'seconds per epoch', 'epochs', 'hours', 'test, ms',
              'device']
    rows = []
    for experiment in experiments:
        runs = [run for seed in experiment.seeds for run in seed.runs]
        epochs = runs[0].state['epochs']
        rows.append([
            experiment.name, _known(run.seconds for run in runs), epochs,
            _known(run.seconds * epochs / 3600 for run in runs),
            _known(run.test_ms for run in runs),
            ', '.join(sorted({run.state['device'] for run in runs}))
        ])
    notes = [
        'Seconds per epoch: mean time of an iteration in the log times '
        'iterations, without validation.',
        'Test: time of the test loop for each image of a batch, without '
        'loading it: the expression encoder and its classifier, copies and '
        'metrics.',
        'Times of one run; of several, seeds or folds: mean ± standard '
        'deviation (n - 1).'
    ]
    table = TextTable('time', 'time', header, rows, notes)
    hours = [paper.HOURS.get(experiment.name) for experiment in experiments]
    if with_paper and any(hours):
        _add_column(table, 'hours, paper', [
            number and f'{number:g}' for number in hours])
        notes.append('Paper: Table 7, one GeForce GTX 1080; Section 4.3 gives '
                     '2 ms an image there.')
    return table


def runs_table(experiments: Sequence[Experiment]) -> TextTable:
    """List all seeds.

    Args:
        experiments (Sequence[Experiment]): The experiments.

    Returns:
        TextTable: A row for each seed.
    """
    rows = []
    for experiment in experiments:
        for seed in experiment.seeds:
            row = [experiment.name, seed.seed, len(seed.runs)]
            for which in WHICH:
                found = seed.predictions(which)
                row += [getattr(found, name) if found else np.nan
                        for name in MEASURES.values()]
            rows.append(row)
    header = ['experiment', 'seed', 'folds' if experiments[0].has_folds
              else 'runs']
    header += [f'{title}: {name}' for title in WHICH.values()
               for name in MEASURES]
    return TextTable('runs', 'all runs, per cent', header, rows)


def _check_all(experiments: Sequence[Experiment]) -> None:
    first = _one(experiments)
    for experiment in experiments:
        for which in WHICH:
            for predictions in experiment.predictions(which).values():
                check_same_images(first, predictions)


def _one(experiments: Sequence[Experiment]) -> Predictions:
    """Some predictions, for what all have in common."""
    return next(iter(experiments[0].predictions('last').values()))


def _best_notes(experiments: Sequence[Experiment]) -> list[str]:
    notes = []
    chosen = {e.name: e.chosen_on_test for e in experiments}
    if any(chosen.values()):
        notes.append('The best epoch is chosen on the test images, as the '
                     'paper does, so it is optimistic; the last is not.')
    if not all(chosen.values()):
        names = [name for name, on_test in chosen.items() if not on_test]
        notes.append('The best epoch is chosen on validation images: '
                     f'{", ".join(names)}.')
    for experiment in experiments:
        without = [str(seed.seed) for seed in experiment.seeds
                   if seed.predictions('best') is None]
        if without:
            notes.append(f'{experiment.name} has no best checkpoint with the '
                         f'seeds {", ".join(without)}.')
    return notes


def _compare(theirs: Sequence[Predictions],
             ours: Sequence[Predictions]) -> list:
    """Cells for one seed, or for the mean of several, which has no test."""
    spread = paired_bootstrap(
        np.mean([p.right for p in theirs], axis=0),
        np.mean([p.right for p in ours], axis=0), ours[0].groups)
    tested: list = ['-'] * 4
    if len(ours) == 1:
        test = mcnemar(theirs[0].right, ours[0].right)
        tested = [test.only_first, test.only_second, f'{test.exact:.3g}',
                  f'{test.mid_p:.3g}']
    return [*(100 * value for value in spread[:3]), *tested, spread.num_groups]


def _add_column(table: TextTable, title: str, cells: Sequence) -> None:
    table.header.append(title)
    for row, cell in zip(table.rows, cells):
        row.append(cell or '-')


def _known(values: Iterable[float]) -> Spread:
    return Spread(tuple(value for value in values if not np.isnan(value)))
