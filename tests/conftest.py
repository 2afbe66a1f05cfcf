"""Fixtures for tests on real faces and weights."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from mmengine.logging import MMLogger

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope='session')
def shared() -> Path:
    """Folder of real faces, networks and labels (see CONTRIBUTING.md)."""
    named = os.environ.get('IPDFER_SHARED')
    path = Path(named or ROOT / '../shared').resolve()
    if not path.is_dir():
        assert not named, f'IPDFER_SHARED={named} is no folder'
        pytest.skip(f'no test data at {path}: set IPDFER_SHARED')
    return path


def unpack(shared: Path, folder: Path, name: str) -> Path:
    subprocess.run([sys.executable, shared / 'data/unpack.py', name, folder],
                   check=True)
    return folder


@pytest.fixture(scope='session')
def ferplus(shared, tmp_path_factory) -> Path:
    """FERPlus with its photographs, in the official layout."""
    return unpack(shared, tmp_path_factory.mktemp('ferplus'), 'ferplus')


@pytest.fixture(scope='session')
def lfw_people(shared, tmp_path_factory) -> Path:
    """Photographs of subjects in the wild, in LFW's layout, with pairs."""
    return unpack(shared, tmp_path_factory.mktemp('lfw'), 'lfw_people')


@pytest.fixture(autouse=True)
def own_logger():
    """Leave no test the logger of another one.

    A runner's logger writes to a file in its test's folder. pytest deletes
    the folder, and a web server's logging set-up closes the file.
    """
    yield
    MMLogger._instance_dict.clear()


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers that depend on no other test."""
    return np.random.default_rng(1)


@pytest.fixture
def log(caplog, monkeypatch):
    """Text of what goes to the current logger."""
    monkeypatch.setattr('mmengine.logging.MMLogger.get_current_instance',
                        classmethod(lambda cls: logging.getLogger('toy')))
    caplog.set_level(logging.INFO, logger='toy')
    return caplog
