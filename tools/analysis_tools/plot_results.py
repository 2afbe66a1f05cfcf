"""Draw the paper's figures of what tools/run_experiments.py trained.

As PNG and PDF: a confusion matrix of each experiment (Fig. 4 and 5, the counts
of all seeds together), with --compare the large-pose images that the second
of two experiments gets right and the first does not (Fig. 6), accuracy over
the settings that were swept (Fig. 7), and with --tsne the features of the test
images, numbered by subject (Fig. 10). The best checkpoints are shown where
there are any. Figures of smoke runs say so in their titles and file names.

Fig. 3 is drawn by pose_histogram.py, Fig. 8 and 9 by evaluate_synthesis.py.
The predictions are pickles, which can run any code: read only your own runs.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.manifold import TSNE

from ipdfer_mm.analysis.predictions import check_same_images
from ipdfer_mm.experiments.curves import read_curves
from ipdfer_mm.experiments.features import extract_features
from ipdfer_mm.experiments.figures import (
    COLUMNS,
    confusion_figure,
    embedding_figure,
    samples_figure,
    sensitivity_figure,
    won_images,
)
from ipdfer_mm.experiments.results import Experiment, read_experiments
from ipdfer_mm.experiments.state import SMOKE
from ipdfer_mm.geometry.yaw_bins import POSE_EDGES
from ipdfer_mm.utils.atomic import write_atomically
from ipdfer_mm.utils.cli import explained, parse_experiment_args
from ipdfer_mm.utils.compat import set_checkpoint_trust
from ipdfer_mm.visualization.saving import encode_figure

ADVICE = 'choose another folder with --out'
ROWS = 3  # of images


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        '--compare', nargs=2, metavar=('FIRST', 'SECOND'), default=[],
        help='experiments, such as idfer_rafdb ipdfer_rafdb')
    parser.add_argument(
        '--min-yaw', type=int, choices=POSE_EDGES, default=30,
        help='of the images of --compare, degrees (default: %(default)s)')
    parser.add_argument(
        '--tsne', nargs='+', metavar='EXPERIMENT', default=[],
        help='such as baseline_ckplus ipdfer_ckplus; needs the test images '
        'and the checkpoints')
    parser.add_argument(
        '--subjects', type=int, default=16, help='show the first of them in '
        't-SNE, as the paper does (default: %(default)s)')
    return parse_experiment_args(parser, argv, 'figures')


def save(figure: Figure, out: Path, name: str,
         *experiments: Experiment) -> None:
    """Write a figure as PNG and PDF."""
    stem = 'SMOKE_' * any(e.smoke for e in experiments) + name
    for suffix in ('png', 'pdf'):
        write_atomically(out / f'{stem}.{suffix}',
                         encode_figure(figure, suffix, dpi=200), ADVICE)


def which_checkpoint(*experiments: Experiment) -> str:
    """Name the checkpoint that is shown: the best if all have one."""
    has_best = all(seed.predictions('best') is not None
                   for experiment in experiments
                   for seed in experiment.seeds)
    return 'best' if has_best else 'last'


def stamp(*experiments: Experiment) -> str:
    """What the titles of smoke runs begin with."""
    return f'{SMOKE}: ' * any(e.smoke for e in experiments)


def plot_confusion(experiment: Experiment, out: Path) -> None:
    """Draw the confusion matrix of an experiment."""
    which = which_checkpoint(experiment)
    found = list(experiment.predictions(which).values())
    accuracy = np.mean([predictions.accuracy for predictions in found])
    seeds = f'mean of {len(found)} seeds' if len(found) > 1 else 'one seed'
    if experiment.has_folds:
        seeds += f', {len(experiment.seeds[0].runs)} folds'
    lines = [*[SMOKE] * experiment.smoke, experiment.name,
             f'{which} epoch, {seeds}: accuracy {accuracy:.2f} %']
    save(confusion_figure(found, '\n'.join(lines)), out,
         f'confusion_{experiment.name}', experiment)


def plot_samples(first: Experiment, second: Experiment, min_yaw: int,
                 out: Path) -> None:
    """Draw what the second of two experiments wins at large poses."""
    which = which_checkpoint(first, second)
    ours, theirs = second.predictions(which), first.predictions(which)
    seed = min(ours.keys() & theirs.keys(), default=None)
    if seed is None:
        raise ValueError(f'{first.name} and {second.name} have no seed in '
                         'common.')
    theirs, ours = theirs[seed], ours[seed]
    check_same_images(theirs, ours)
    pose = POSE_EDGES.index(min_yaw) + 1
    won = won_images(theirs, ours, pose)
    lost = won_images(ours, theirs, pose)
    total = int((ours.poses >= pose).sum())
    print(f'Of {total} images over {min_yaw} degrees {second.name} alone '
          f'gets {len(won)} right, {first.name} alone {len(lost)}.')
    if not len(won):
        return
    shown = won[np.linspace(0, len(won) - 1, min(
        len(won), ROWS * COLUMNS)).astype(int)]
    title = (f'{stamp(first, second)}over {min_yaw}°, right by {second.name}, '
             f'wrong by {first.name}:\n{len(won)} of {total} images (the '
             f'other way round: {len(lost)}), {which} epoch, seed {seed}')
    save(samples_figure(theirs, shown, title), out,
         f'large_pose_{first.name}_{second.name}', first, second)


def plot_sensitivity(base: Experiment, swept: Sequence[Experiment],
                     out: Path) -> None:
    """Draw accuracy over each setting that was swept."""
    which = which_checkpoint(base, *swept)
    curves, without = read_curves(base, swept, which)
    for name in without:
        print(f'{name} is in no curve: no number.')
    if not curves:
        return
    figure = sensitivity_figure(
        {key.removeprefix('model.'): curve for key, curve in curves.items()},
        f'{stamp(base, *swept)}{base.name}, {which} epoch')
    save(figure, out, f'sensitivity_{base.name}', base, *swept)


def plot_tsne(experiments: Sequence[Experiment], num_subjects: int,
              out: Path) -> None:
    """Draw the features of experiments, their first seed and fold."""
    which = which_checkpoint(*experiments)
    points = {}
    first = experiments[0].first.predictions[which]
    subjects = sorted(set(first.subjects))[:num_subjects]
    keep = np.flatnonzero(np.isin(first.subjects, subjects))
    paths = [first.paths[i] for i in keep]
    for experiment in experiments:
        check_same_images(first, experiment.first.predictions[which])
        features = extract_features(experiment.first, which, set(paths))
        feats = np.stack([features[path] for path in paths])
        perplexity = min(30, (len(feats) - 1) / 3)
        points[experiment.name] = TSNE(
            perplexity=perplexity, init='pca',
            random_state=0).fit_transform(feats)
    named = (f'{len(subjects)} subjects, which are numbered'
             if first.has_subjects else 'all subjects')
    state = experiments[0].first.state
    fold = '' if state['fold'] is None else f', fold {state["fold"]}'
    figure = embedding_figure(
        points, first.labels[keep], first.classes, first.subjects[keep],
        f'{stamp(*experiments)}t-SNE of the features, {which} epoch, seed '
        f'{state["seed"]}{fold}:\n{len(keep)} images of {named}')
    save(figure, out, '_'.join(['tsne', *points]), *experiments)


@explained(OSError, RuntimeError, ValueError)
def main(argv: Sequence[str] | None = None) -> None:
    """Draw what there is."""
    args = parse_args(argv)
    set_checkpoint_trust(False)
    found, missing = read_experiments(args.folders)
    named = {experiment.name: experiment for experiment in found}
    for name in [*args.compare, *args.tsne]:
        if name not in named:
            raise ValueError(f'There is no finished experiment {name}, only '
                             f'{", ".join(named)}.')
    for experiment in found:
        plot_confusion(experiment, args.out)
        swept = [other for other in found if other.first.state['sweep']
                 and other.name.startswith(f'{experiment.name}+')]
        if swept:
            plot_sensitivity(experiment, swept, args.out)
    if args.compare:
        plot_samples(*map(named.get, args.compare), args.min_yaw, args.out)
    if args.tsne:
        plot_tsne([named[name] for name in args.tsne], args.subjects, args.out)
    for name in missing:
        print(f'Not finished: {name}', file=sys.stderr)
    print(f'The figures are in {args.out}.')


if __name__ == '__main__':
    main()
