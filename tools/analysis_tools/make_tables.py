"""Make the paper's tables of what tools/run_experiments.py trained.

For each dataset one Markdown file with all tables, `<out>/<dataset>.md`,
and each table as CSV and LaTeX: accuracy, macro F1 and UAR of the best and the
last epoch (Tables 2 to 6 and 9), accuracy by head pose (Table 8), McNemar's
test and a bootstrap against the baseline, times (Table 7), all runs. Tables of
smoke runs say so in their titles and file names.

The predictions are pickles, which can run any code: read only your own runs.
"""

import argparse
import sys
from collections.abc import Sequence
from itertools import groupby

from ipdfer_mm.experiments.results import read_experiments
from ipdfer_mm.experiments.tables import make_tables
from ipdfer_mm.utils.atomic import write_atomically
from ipdfer_mm.utils.cli import parse_experiment_args
from ipdfer_mm.utils.messages import escape_unprintable

ADVICE = 'choose another folder with --out'


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        '--baseline',
        help='experiment that the others are compared with (default: '
        'baseline_rafdb for ipdfer_rafdb and so on)')
    parser.add_argument(
        '--no-paper',
        action='store_true',
        help="leave out the paper's numbers")
    return parse_experiment_args(parser, argv, 'tables')


def main(argv: Sequence[str] | None = None) -> int:
    """Read the runs and write the tables.

    Returns:
        int: The exit status.
    """
    args = parse_args(argv)
    try:
        experiments, missing = read_experiments(args.folders)
        args.out.mkdir(parents=True, exist_ok=True)
        experiments.sort(key=lambda experiment: experiment.dataset)
        if args.baseline not in [None, *(e.name for e in experiments)]:
            raise ValueError(f'There is no experiment {args.baseline}, only '
                             f'{", ".join(e.name for e in experiments)}.')
        for dataset, group in groupby(experiments, lambda e: e.dataset):
            group = list(group)
            # Experiments on other datasets have a baseline of their own.
            has_baseline = args.baseline in [e.name for e in group]
            tables = make_tables(group, args.baseline if has_baseline else
                                 None, not args.no_paper)
            stem = 'SMOKE_' * any(e.smoke for e in group) + dataset
            text = '\n'.join(table.markdown() for table in tables)
            for table in tables:
                path = args.out / f'{stem}_{table.key}'
                write_atomically(
                    path.with_suffix('.csv'), table.csv().encode(), ADVICE)
                write_atomically(
                    path.with_suffix('.tex'), table.latex().encode(), ADVICE)
            if missing:
                text += '\n## Runs that are not finished\n\n' + ''.join(
                    f'- {name}\n' for name in missing)
            write_atomically(args.out / f'{stem}.md', text.encode(), ADVICE)
            print(text)
    except (OSError, ValueError) as error:
        print(f'{type(error).__name__}: {error}', file=sys.stderr)
        return 2
    for name in missing:
        print(f'Not finished: {name}', file=sys.stderr)
    print(f'The tables are in {args.out}.')
    return 0


if __name__ == '__main__':
    escape_unprintable()
    sys.exit(main())
