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
from ipdfer_mm.utils.cli import explained, parse_experiment_args

ADVICE = 'choose another folder with --out'


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--no-paper', action='store_true',
                        help="leave out the paper's numbers")
    return parse_experiment_args(parser, argv, 'tables')


@explained(OSError, ValueError)
def main(argv: Sequence[str] | None = None) -> None:
    """Read the runs and write the tables."""
    args = parse_args(argv)
    experiments, missing = read_experiments(args.folders)
    experiments.sort(key=lambda experiment: experiment.dataset)
    for dataset, group in groupby(experiments, lambda e: e.dataset):
        group = list(group)
        tables = make_tables(group, not args.no_paper)
        stem = 'SMOKE_' * any(e.smoke for e in group) + dataset
        for table in tables:
            path = args.out / f'{stem}_{table.key}'
            for suffix, text in (('.csv', table.csv()),
                                 ('.tex', table.latex())):
                write_atomically(path.with_suffix(suffix), text.encode(),
                                 ADVICE)
        text = '\n'.join(table.markdown() for table in tables)
        if missing:
            text += '\n## Runs that are not finished\n\n' + ''.join(
                f'- {name}\n' for name in missing)
        write_atomically(args.out / f'{stem}.md', text.encode(), ADVICE)
        print(text)
    for name in missing:
        print(f'Not finished: {name}', file=sys.stderr)
    print(f'The tables are in {args.out}.')


if __name__ == '__main__':
    main()
