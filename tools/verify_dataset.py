"""Say whether a copy of a dataset is complete and honest.

Compares the numbers of images by split and class with the official ones,
reads every image, and looks for images and subjects that are in several
splits. Run again, it goes on where it was interrupted.

Exit status: 0 if there is no problem, 1 if there is one, 2 if the dataset
could not be verified.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import joblib
from mmengine.config import DictAction

from ipdfer_mm.preparation.datasets import LABELED, VERIFIED
from ipdfer_mm.preparation.verification import PROBLEMS, verify
from ipdfer_mm.utils import register_all_modules
from ipdfer_mm.utils.cli import explained

SHOWN = 5  # items of each finding


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    kinds = '\n'.join(f'  {kind:16} {what}' for kind, what in PROBLEMS.items())
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=f'problems:\n{kinds}',
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('dataset', choices=LABELED)
    parser.add_argument('data_root', type=Path, help='folder of the download')
    parser.add_argument(
        '--out', type=Path,
        help='folder of the report (default: <data_root>/verified)')
    parser.add_argument(
        '--workers', type=int, default=joblib.cpu_count(),
        help='processes (default: one for each core)')
    parser.add_argument(
        '--accept', nargs='+', metavar='PROBLEM', choices=tuple(PROBLEMS),
        default=(),
        help='problems you know of, such as counts for a part of a dataset: '
        'they are shown, but do not count')
    parser.add_argument(
        '--dataset-options', nargs='+', action=DictAction, default={},
        help='arguments of the dataset class, such as label_rule=argmax '
        '(FERPlus) or aligned=False (SFEW)')
    return parser.parse_args(argv)


@explained(ImportError, OSError, RuntimeError, TypeError, ValueError)
def main(argv: Sequence[str] | None = None) -> int:
    """Verify a dataset.

    Returns:
        int: The exit status.
    """
    args = parse_args(argv)
    register_all_modules()
    data_root = args.data_root.expanduser().resolve()
    out = (args.out or data_root / VERIFIED).expanduser().resolve()
    try:
        report = verify(args.dataset, data_root, out, args.dataset_options,
                        args.workers, args.accept)
    except KeyboardInterrupt:
        print('Interrupted; the same command goes on from here.',
              file=sys.stderr)
        return 130
    print(report.to_text(SHOWN))
    print(f'All of it is in {out / "report.txt"} and report.json.')
    return 1 if report.num_problems else 0


if __name__ == '__main__':
    sys.exit(main())
