"""Align the faces of a dataset and estimate head poses.

Reads an official download and writes, into a folder beside it, faces of
112x112 pixels, `manifest.csv` and `recipe.json`, which datasets read with
`manifest='prepared/manifest.csv'`. Run again, it goes on where it was
interrupted and does what is not done yet.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import joblib
from mmengine.config import DictAction

from ipdfer_mm.datasets.manifest import ALSO_IN
from ipdfer_mm.preparation.datasets import (
    PREPARABLE,
    PREPARED,
    list_images,
    recipe_of,
)
from ipdfer_mm.preparation.face_choice import MEANINGS
from ipdfer_mm.preparation.prepare import UNREADABLE, Summary, prepare
from ipdfer_mm.preparation.worker import Job
from ipdfer_mm.utils import register_all_modules
from ipdfer_mm.utils.cli import explained


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('dataset', choices=sorted(PREPARABLE))
    parser.add_argument('data_root', type=Path, help='folder of the download')
    parser.add_argument('--out', type=Path,
                        help='default: <data_root>/prepared')
    parser.add_argument(
        '--pose', default='pnp5',
        choices=('pnp5', 'onnx', 'facepose_linear', 'csv', 'none'),
        help='head-pose estimator (default: %(default)s)')
    parser.add_argument(
        '--pose-file', nargs='+', default=(), help='what it reads: networks '
        '(onnx), landmarks (facepose_linear) or angles (csv)')
    parser.add_argument(
        '--workers', type=int, default=joblib.cpu_count(),
        help='processes (default: one for each core)')
    parser.add_argument(
        '--recipe', nargs='+', action=DictAction, default={},
        help='settings to change, such as margin=0.3 min_score=0.8')
    parser.add_argument(
        '--dataset-options', nargs='+', action=DictAction, default={},
        help='arguments of the dataset class, such as '
        'landmark_file=labels.csv')
    parser.add_argument(
        '--name-lists', nargs='+', action=DictAction, default={},
        metavar='FLAG=FILE',
        help='flag the images that a text file names, one a line, such as '
        'pose_over_30=val_raf_db_list.txt')
    return parser.parse_args(argv)


def report(summary: Summary, job: Job) -> None:
    """Print what was found and what is to be looked at."""
    print(f'{summary.num_images} faces are in {job.out / "manifest.csv"}.')
    if summary.num_without_pose and job.recipe.pose != 'none':
        print(f'{summary.num_without_pose} of them without head pose.')
    meanings = {**MEANINGS, UNREADABLE: 'could not be read, left out'}
    for name, lines in summary.listed.items():
        if lines:
            meaning = meanings.get(name, 'names of a list without an image')
            if name.startswith(ALSO_IN):
                meaning = ('the same pixels are in the split '
                           + name.removeprefix(ALSO_IN))
            print(f'{len(lines)}: {meaning}, see '
                  f'{job.out / name}.txt')


@explained(ImportError, OSError, RuntimeError, TypeError, ValueError)
def main(argv: Sequence[str] | None = None) -> None:
    """Prepare a dataset."""
    args = parse_args(argv)
    register_all_modules()
    if {'pose', 'pose_files'} & set(args.recipe):
        raise ValueError('The head-pose estimator is chosen with --pose and '
                         '--pose-file, not in --recipe.')
    recipe = recipe_of(
        args.dataset, args.dataset_options,
        dict(args.recipe, pose=args.pose, pose_files=tuple(args.pose_file)))
    data_root = args.data_root.resolve()
    out = (args.out or data_root / PREPARED).resolve()
    images = list_images(args.dataset, data_root, args.dataset_options, out)
    job = Job(data_root, out, recipe)
    try:
        summary = prepare(
            job, images, args.dataset, args.workers, args.name_lists)
    except KeyboardInterrupt:
        print('Interrupted; the same command goes on from here.',
              file=sys.stderr)
        sys.exit(130)
    report(summary, job)
    if summary.listed[UNREADABLE]:
        sys.exit('Copy or unpack the unreadable images again and run the '
                 'same command, or train without them: drop_unprepared=True '
                 'in the dataset of the config.')


if __name__ == '__main__':
    main()
