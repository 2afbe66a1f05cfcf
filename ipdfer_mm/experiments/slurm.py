"""Runs as an array of Slurm jobs."""

import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

DIRECTIVES = ('--gres=gpu:1', '--ntasks=1', '--cpus-per-task=5', '--requeue')


def array_script(command: Sequence[str],
                 indices: Sequence[int],
                 log_folder: Path,
                 directives: Sequence[str] = (),
                 folder: Path = Path('.')) -> str:
    """Write a batch script with a job for each run.

    Args:
        command (Sequence[str]): What a job runs; ``--run <index>`` is added.
        indices (Sequence[int]): Which runs.
        log_folder (Path): Folder for the output of the jobs.
        directives (Sequence[str]): Options of ``sbatch`` beside
            :data:`DIRECTIVES`; the later one wins.
        folder (Path): Where to run it.

    Returns:
        str: The script.
    """
    lines = [
        '#!/usr/bin/env bash',
        '#SBATCH --job-name=experiments',
        f'#SBATCH --array={",".join(map(str, indices))}',
        f'#SBATCH --output={log_folder}/%A_%a.log',
        *(f'#SBATCH {option}' for option in (*DIRECTIVES, *directives)),
        '# sbatch passes the environment on, with the folders of datasets.',
        'set -euo pipefail',
        f'cd {shlex.quote(str(folder.resolve()))}',
        f'exec {shlex.join(command)} --run "$SLURM_ARRAY_TASK_ID"',
    ]
    return '\n'.join(lines) + '\n'


def submit(script: Path) -> str:
    """Hand a script to ``sbatch``.

    Args:
        script (Path): The script.

    Returns:
        str: What sbatch says, the number of the job.

    Raises:
        OSError: If there is no sbatch, or it refuses; tells what it says.
    """
    try:
        done = subprocess.run(['sbatch', str(script)], capture_output=True,
                              text=True)
    except FileNotFoundError:
        raise OSError(f'There is no sbatch here. {script} is written: submit '
                      'it on a machine with Slurm.') from None
    if done.returncode:
        raise OSError(f'sbatch {script} ended with status {done.returncode}: '
                      f'{done.stderr.strip()}')
    return done.stdout.strip()
