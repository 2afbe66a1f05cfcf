"""One training run that many tests look at."""

from pathlib import Path
from typing import NamedTuple

import pytest
from helpers.tiny_run import (
    baseline_cfg,
    ipdfer_cfg,
    make_rafdb,
    run_train,
    save_identity_weights,
    write_config,
)


class Run(NamedTuple):
    """A config, the folder of its run and what the run printed."""

    config: Path
    work_dir: Path
    output: str


@pytest.fixture(scope='session')
def rafdb(tmp_path_factory) -> Path:
    return make_rafdb(tmp_path_factory.mktemp('data') / 'rafdb')


@pytest.fixture(scope='session')
def write(tmp_path_factory, rafdb):
    """Write a config of IPD-FER, or of a baseline, for the tiny RAF-DB."""
    weights = save_identity_weights(
        tmp_path_factory.mktemp('weights') / 'face.pth')

    def call(path: Path, baseline: bool = False, **settings) -> Path:
        model = baseline_cfg() if baseline else ipdfer_cfg(weights)
        return write_config(path, rafdb, model, **settings)

    return call


@pytest.fixture(scope='session')
def ipdfer_run(tmp_path_factory, write) -> Run:
    """Two epochs of IPD-FER with two workers."""
    folder = tmp_path_factory.mktemp('ipdfer')
    config = write(folder / 'tiny.py')
    output = run_train(config, folder / 'work', '--cfg-options',
                       'train_dataloader.num_workers=2')
    return Run(config, folder / 'work', output)
