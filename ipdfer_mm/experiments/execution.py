"""Train and test one run with the tools of this repository."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import torch

from ipdfer_mm.utils.checkpoint_files import newest

from .plan import Run
from .state import (
    FINISHED,
    PLANNED,
    TRAINED,
    lock,
    read_state,
    write_state,
)

TRAIN_LOG = 'train.log'
TEST_LOG = 'test.log'
CHECKPOINTS = ('last', 'best')
LOG_LINES = 12


class RunFailedError(RuntimeError):
    """A tool that a run needs has failed."""


class RunBusyError(RuntimeError):
    """Another process works on the run."""


def execute(run: Run, tools: Path, patience: float = 0) -> None:
    """Do what is missing of a run.

    The training goes on from the last checkpoint that was also validated (by
    the hook :class:`ipdfer_mm.engine.ResumeCheckpointHook`, which all configs
    here have).
    Then the last checkpoint and the best one, if the config keeps it
    (``save_best``), are tested; their predictions become ``last.pkl`` and
    ``best.pkl`` in the folder of the run.

    Args:
        run (Run): The run, planned by :func:`.state.note_planned`.
        tools (Path): Folder of ``train.py`` and ``test.py``.
        patience (float): Seconds to wait for another process that works on
            it.

    Raises:
        RunBusyError: If another process works on it.
        RunFailedError: If a tool fails; tells the end of its log.
    """
    with lock(run.folder, patience) as held:
        if held is None:
            raise RunBusyError(f'{run.title}: another process works on it.')
        state = read_state(run.folder)
        if state['status'] == PLANNED:
            _train(run, tools, held)
            state.update(_facts(run), status=TRAINED)
            write_state(run.folder, state)
        if state['status'] == TRAINED:
            for which in CHECKPOINTS:
                _test(run, tools, which, held)
            write_state(run.folder, dict(state, status=FINISHED))


def read_scalars(folder: Path) -> list[dict]:
    """Read what MMEngine logged in all trainings of a run.

    Args:
        folder (Path): Folder of the run.

    Returns:
        list[dict]: Records, those of iterations with ``epoch`` and ``time``
        (seconds of an iteration), those of validations without.
    """
    records = []
    for path in sorted(folder.glob('*/vis_data/scalars.json')):
        for line in path.read_text().splitlines():
            try:
                records.append(json.loads(line))
            except ValueError:  # cut off by a kill
                continue
    return records


def _train(run: Run, tools: Path, held: int) -> None:
    _call([str(tools / 'train.py'), str(run.config), '--work-dir',
           str(run.folder), '--resume', '--cfg-options', *run.options],
          run, TRAIN_LOG, held)


def _test(run: Run, tools: Path, which: str, held: int) -> None:
    out = run.folder / f'{which}.pkl'
    checkpoint = newest(run.folder, which)
    if out.is_file() or (which == 'best' and checkpoint is None):
        return
    partial = run.folder / f'.{which}.partial.pkl'
    _call([str(tools / 'test.py'), str(run.config), str(checkpoint),
           '--work-dir', str(run.folder / f'test_{which}'), '--out',
           str(partial), '--cfg-options', *run.options], run, TEST_LOG, held)
    os.replace(partial, out)


def _facts(run: Run) -> dict:
    """What tables need to know of a training."""
    path = newest(run.folder)
    if path is None:
        raise RunFailedError(
            f'{run.title}: {run.folder} has no checkpoint of an epoch. Save '
            'by epoch: default_hooks.checkpoint.by_epoch=True.')
    try:
        meta = torch.load(
            path, map_location='cpu', mmap=True, weights_only=True)['meta']
    except (pickle.UnpicklingError, RuntimeError) as error:
        raise RunFailedError(
            f'{run.title}: {path} cannot be read, or holds pickled objects, '
            "which dict(type='ipdfer_mm.PlainCheckpointHook') in custom_hooks "
            f'turns into plain values: {error}') from error
    device = (torch.cuda.get_device_name() if torch.cuda.is_available() else
              f'CPU, threads: {torch.get_num_threads()}')
    return dict(
        classes=list(meta['dataset_meta']['classes']),
        epochs=meta['epoch'],
        iterations=meta['iter'] // meta['epoch'],
        device=device)


def _call(command: list[str], run: Run, log: str, held: int) -> None:
    """Run a tool, its output in a log file."""
    root = Path(__file__).resolve().parents[2]
    path = os.pathsep.join(
        filter(None, [str(root), os.environ.get('PYTHONPATH')]))
    log = run.folder / log
    with open(log, 'a') as file:
        file.write(f'\n$ {" ".join(command)}\n')
        file.flush()
        process = subprocess.Popen(
            [sys.executable, '-u', *command],
            env=dict(os.environ, PYTHONPATH=path), pass_fds=[held],
            stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT)
        try:
            code = process.wait()
        finally:  # also Ctrl-C and SIGTERM: no training without its master
            process.terminate()
            process.wait()
    if code:
        lines = log.read_text(errors='replace').splitlines()[-LOG_LINES:]
        raise RunFailedError('\n'.join([
            f'{run.title}: {Path(command[0]).name} ended with status {code}. '
            f'The end of {log}:', *(f'    {line}' for line in lines)]))
