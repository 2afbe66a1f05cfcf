"""One training run that many tests look at."""

from pathlib import Path
from typing import NamedTuple

import pytest
from helpers.tiny_run import (
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
def face_weights(tmp_path_factory) -> Path:
    return save_identity_weights(
        tmp_path_factory.mktemp('weights') / 'face.pth')


@pytest.fixture(scope='session')
def ipdfer_run(tmp_path_factory, rafdb, face_weights) -> Run:
    """Two epochs of IPD-FER with two workers."""
    folder = tmp_path_factory.mktemp('ipdfer')
    config = write_config(folder / 'tiny.py', rafdb, ipdfer_cfg(face_weights))
    output = run_train(config, folder / 'work', '--cfg-options',
                       'train_dataloader.num_workers=2')
    return Run(config, folder / 'work', output)
