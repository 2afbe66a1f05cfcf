"""Count the head poses of datasets and show examples of each class.

Table 1 of the IPD-FER paper for your copies (`pose_histogram.md` and
`.csv`), the paper's own numbers beside them, and its Fig. 3,
`<dataset>_poses.png`. The yaw comes from the manifests that
tools/prepare_dataset.py wrote.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import DictAction
from tqdm import tqdm

from ipdfer_mm.analysis.pose_table import PoseColumn, pose_csv, pose_markdown
from ipdfer_mm.datasets import EXPRESSIONS
from ipdfer_mm.preparation.datasets import LABELED, PREPARED, list_readers
from ipdfer_mm.registry import DATASETS
from ipdfer_mm.utils import register_all_modules
from ipdfer_mm.utils.atomic import write_atomically
from ipdfer_mm.utils.cli import explained
from ipdfer_mm.utils.images import to_png
from ipdfer_mm.visualization.pose_examples import draw_examples

ADVICE = 'choose another folder with --out'
# The samples that the paper counts.
OPTIONS = dict(
    ferplus=dict(label_rule='majority'),
    affectnet=dict(
        metainfo=dict(classes=EXPRESSIONS), drop_classes=('contempt', )))


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        'datasets', nargs='+', metavar='NAME=FOLDER',
        help='such as rafdb=data/rafdb; names: '
        f'{", ".join(LABELED)}')
    parser.add_argument(
        '--manifest', default=f'{PREPARED}/manifest.csv',
        help='file, relative to each folder, or none for the yaw of the data '
        'set itself (default: %(default)s)')
    parser.add_argument(
        '--out', type=Path, default=Path('work_dirs/pose_histogram'),
        help='folder of the results (default: %(default)s)')
    parser.add_argument('--examples', type=int, default=8,
                        help='images of each class (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0,
                        help='decides which images are shown')
    parser.add_argument(
        '--dataset-options', nargs='+', action=DictAction, default={},
        help='arguments of the dataset class')
    args = parser.parse_args(argv)
    if args.examples < 1 or args.seed < 0:
        parser.error('--examples must be 1 or more, --seed not negative')
    return args


def parse_datasets(texts: list[str]) -> dict[str, Path]:
    """Read several ``NAME=FOLDER``.

    Raises:
        ValueError: If one is not of that form, or a name is unknown or comes
            twice.
    """
    found: dict[str, Path] = {}
    for text in texts:
        name, _, folder = text.partition('=')
        if name not in LABELED or not folder:
            raise ValueError(f'{text!r} is not of the form NAME=FOLDER with a '
                             f'name out of {", ".join(LABELED)}.')
        if name in found:
            raise ValueError(f'{name} is named twice; results are named by '
                             'the dataset.')
        found[name] = Path(folder).expanduser().resolve()
    return found


def read_split(reader: dict, args: argparse.Namespace) -> list[dict]:
    """Samples of a split, with ``img_path`` and ``pose_label``."""
    manifest = None if args.manifest == 'none' else args.manifest
    dataset = DATASETS.build(dict(reader, manifest=manifest))
    return [dataset.get_data_info(i) for i in range(len(dataset))]


def count_set(name: str, data_root: Path,
              args: argparse.Namespace) -> list[PoseColumn]:
    """Count all splits of a dataset and draw examples of the first."""
    options = {**OPTIONS.get(name, {}), **args.dataset_options}
    columns = []
    for reader in list_readers(name, data_root, options):
        samples = read_split(reader, args)
        poses = [sample['pose_label'] for sample in samples]
        if not columns:
            sheet = draw_examples([sample['img_path'] for sample in samples],
                                  poses, args.examples, args.seed)
            write_atomically(args.out / f'{name}_poses.png', to_png(sheet),
                             ADVICE)
        split = reader.get('split') or 'all'
        columns.append(PoseColumn(name, split, Counter(poses)))
    return columns


@explained(ImportError, OSError, TypeError, ValueError)
def main(argv: Sequence[str] | None = None) -> None:
    """Count and draw."""
    args = parse_args(argv)
    register_all_modules()
    datasets = parse_datasets(args.datasets)
    columns = [
        column for name, folder in tqdm(
            datasets.items(), unit='dataset', disable=None)
        for column in count_set(name, folder, args)
    ]
    table = pose_markdown(columns)
    for suffix, text in (('md', table), ('csv', pose_csv(columns))):
        write_atomically(args.out / f'pose_histogram.{suffix}', text.encode(),
                         ADVICE)
    print(f'\n{table}\nThis table and the images are in {args.out}.')


if __name__ == '__main__':
    main()
