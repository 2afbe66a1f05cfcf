"""Train and test a set of configs with several seeds.

Each run has a folder of its own, `<out>/<config>/seed<k>`, for a dataset in
folds `<out>/<config>/seed<k>/fold<f>`, with the log and the checkpoints of
tools/train.py and, in last.pkl and best.pkl, what tools/test.py predicts with
the last and the best checkpoint. What is done is skipped and what was
interrupted goes on: run the same command again. The exit status is 1 if a run
failed; the others go on. tools/analysis_tools/make_tables.py makes tables of
the folder.
"""

import argparse
import shlex
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from ipdfer_mm.experiments.execution import (
    TRAIN_LOG,
    RunBusyError,
    RunFailedError,
    execute,
)
from ipdfer_mm.experiments.plan import Run, plan_runs
from ipdfer_mm.experiments.slurm import array_script, submit
from ipdfer_mm.experiments.state import FINISHED, note_planned, read_status
from ipdfer_mm.utils.atomic import write_atomically
from ipdfer_mm.utils.cli import explained
from ipdfer_mm.utils.run_settings import ADVICE

TOOLS = Path(__file__).resolve().parent
SEEDS = [0, 1, 2, 3]  # as many as the paper, Section 4.2
PATIENCE = 15  # seconds


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        allow_abbrev=False,  # flags are passed on to the jobs of Slurm
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('configs', nargs='+', type=Path,
                        help='paths of the configs')
    parser.add_argument(
        '--out', type=Path,
        help='folder of all runs (default: work_dirs/experiments, with '
        '--smoke work_dirs/experiments_smoke)')
    add_plan_arguments(parser)
    add_launch_arguments(parser)
    argv = sys.argv[1:] if argv is None else argv
    args = parser.parse_args(argv)
    args.argv = list(argv)
    if args.run is not None and args.launcher == 'slurm':
        parser.error('--run is one run here; --launcher slurm submits all')
    args.seeds = args.seeds or ([0] if args.smoke else SEEDS)
    if args.out is None:
        args.out = Path('work_dirs/experiments')
        if args.smoke:
            args.out = args.out.with_name('experiments_smoke')
    return args


def add_plan_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which runs there are of each config."""
    parser.add_argument('--seeds', nargs='+', type=int,
                        help='seeds (default: 0 1 2 3, with --smoke 0)')
    parser.add_argument(
        '--folds', nargs='+', type=int,
        help='folds, where the dataset has them, as CK+ and the CMU Face '
        'Images have (default: all, with --smoke 0 1)')
    parser.add_argument(
        '--sweep', nargs='+', default=[], metavar='KEY=VALUE,VALUE',
        help='also run each config with each of these values, one setting at '
        'a time: model.loss_cos.loss_weight=0.1,1')
    parser.add_argument(
        '--cfg-options', nargs='+', default=[], metavar='KEY=VALUE',
        help='settings of all runs to change, as for tools/train.py')
    parser.add_argument(
        '--smoke', action='store_true',
        help='one seed and a few iterations, to see that all works; tables '
        'made of it say so')


def add_launch_arguments(parser: argparse.ArgumentParser) -> None:
    """Add where and whether they run."""
    parser.add_argument(
        '--launcher', choices=['none', 'slurm'], default='none',
        help='one run after the other here, or an array of Slurm jobs')
    parser.add_argument(
        '--sbatch-options', default='',
        help='options of sbatch in one text, after an equals sign: '
        '--sbatch-options="--partition=gpu --time=24:0:0"')
    parser.add_argument(
        '--dry-run', action='store_true',
        help='list the runs, and with --launcher slurm write the script, '
        'only')
    parser.add_argument('--run', type=int,
                        help='only this one; what each Slurm job does')


def run_here(runs: list[Run]) -> int:
    """Do the runs one after the other.

    Returns:
        int: The exit status, 1 if one failed.
    """
    failures: list[str] = []
    busy = run_each(runs, failures, patience=0)
    # What has just been killed needs a moment to end.
    busy = run_each(busy, failures, PATIENCE) if busy else []
    for run in busy:
        print(f'{run.title}: left to another process, which works on it.')
    if failures:
        print(f'\n{len(failures)} of {len(runs)} runs failed:\n\n' +
              '\n\n'.join(failures), file=sys.stderr)
    elif not busy:
        print(f'All {len(runs)} runs are finished.')
    return 1 if failures else 0


def run_each(runs: list[Run], failures: list[str],
             patience: float) -> list[Run]:
    """Do the runs, and note which failed.

    Returns:
        list[Run]: Those that other processes work on.
    """
    busy = []
    for run in tqdm(runs, unit='run', disable=None):
        try:
            if read_status(run.folder) == FINISHED:
                continue
            tqdm.write(f'{run.title}, log: {run.folder / TRAIN_LOG}')
            execute(run, TOOLS, patience)
        except RunBusyError:
            busy.append(run)
        # Also a folder that cannot be written, or a damaged run.json.
        except (RunFailedError, OSError, ValueError) as error:
            failures.append(str(error))
            tqdm.write(str(error), file=sys.stderr)
    return busy


def submit_runs(runs: list[Run], args: argparse.Namespace) -> None:
    """Write the script for what is not finished, and submit it."""
    indices = [index for index, run in enumerate(runs)
               if read_status(run.folder) != FINISHED]
    if not indices:
        print(f'All {len(runs)} runs are finished.')
        return
    logs = args.out.resolve() / 'slurm'
    # The same command there, but for the launcher.
    command = [sys.executable, str(TOOLS / Path(__file__).name),
               *(arg for arg in args.argv if arg != '--dry-run'),
               '--launcher', 'none']
    script = logs / 'array.sh'
    text = array_script(command, indices, logs,
                        shlex.split(args.sbatch_options), Path.cwd())
    write_atomically(script, text.encode(), ADVICE)
    print(f'{script} has {len(indices)} jobs.')
    if not args.dry_run:
        print(submit(script))


def stop(number: int, frame: object) -> None:
    """End as on Ctrl-C, so that the training ends, too."""
    sys.exit(128 + number)


@explained(OSError, ValueError)
def main(argv: Sequence[str] | None = None) -> int:
    """Plan, then run or submit.

    Returns:
        int: The exit status: 1 if a run failed.
    """
    args = parse_args(argv)
    signal.signal(signal.SIGTERM, stop)
    runs = plan_runs(args.configs, args.out, args.seeds, args.folds,
                     args.sweep, args.cfg_options, args.smoke)
    for run in runs:
        note_planned(run, write=not args.dry_run)
    if args.run is not None:
        if args.run not in range(len(runs)):
            raise ValueError(f'--run {args.run}: there are {len(runs)} runs, '
                             'counted from 0.')
        runs = [runs[args.run]]
    if args.launcher == 'slurm':
        submit_runs(runs, args)
        return 0
    states = [read_status(run.folder) for run in runs]
    print(f'{len(runs)} runs in {args.out}: ' + ', '.join(
        f'{count} {status}' for status, count in Counter(states).items()))
    if args.dry_run:
        for index, (run, state) in enumerate(zip(runs, states)):
            print(f'{index}: {run.title} ({state})')
        return 0
    try:
        return run_here(runs)
    except KeyboardInterrupt:
        print('Interrupted. The same command goes on.', file=sys.stderr)
        return 130


if __name__ == '__main__':
    sys.exit(main())
