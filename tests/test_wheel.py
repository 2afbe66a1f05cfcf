"""The wheel has all that an installation away from the checkout needs."""

import shutil
import zipfile
from pathlib import Path

import pytest
from helpers.tiny_run import ROOT, run

from ipdfer_mm.datasets import EXPRESSIONS

SOURCES = ('LICENSE', 'MANIFEST.in', 'README.md', 'configs', 'ipdfer_mm',
           'tools', 'model-index.yml', 'pyproject.toml', 'requirements',
           'setup.py')
USE = '''
import numpy as np
import ipdfer_mm
from ipdfer_mm.apis import ExpressionInferencer
image = np.full((64, 64, 3), 127, np.uint8)
inferencer = ExpressionInferencer()
(result, ) = inferencer(image, aligned=True)
print(ipdfer_mm.__file__, result.faces[0].label)
'''


@pytest.fixture(scope='module')
def installed(tmp_path_factory) -> Path:
    """The files of a wheel, unpacked as pip does."""
    folder = tmp_path_factory.mktemp('wheel')
    # A copy, as the build leaves files there.
    checkout = folder / 'checkout'
    shutil.copytree(ROOT, checkout, ignore=lambda path, names: [
        name for name in names if name == '__pycache__' or (
            path == str(ROOT) and name not in SOURCES)])
    run('python', '-m', 'pip', 'wheel', '--quiet', '--no-deps', '--no-index',
        '--no-build-isolation', '-w', folder, checkout, cwd=folder)
    (wheel, ) = folder.glob('ipdfer_mm-*-py3-none-any.whl')
    with zipfile.ZipFile(wheel) as file:
        file.extractall(folder / 'site')
    return folder / 'site'


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob('*')
            if path.is_file() and '__pycache__' not in path.parts}


def test_files(installed):
    package = files(ROOT / 'ipdfer_mm')
    assert 'weights/ipdfer_ferplus.safetensors' in package
    configs = {f'.mim/{folder}/{name}' for folder in ('configs', 'tools')
               for name in files(ROOT / folder)}
    assert '.mim/configs/ipdfer_rafdb.py' in configs
    assert '.mim/tools/train.py' in configs
    assert files(installed / 'ipdfer_mm') == (
        package | configs | {'.mim/model-index.yml'})
    # Neither tests nor tools become top-level packages.
    assert {path.name for path in installed.iterdir()
            if not path.name.endswith('.dist-info')} == {'ipdfer_mm'}


def test_model_by_name(installed):
    """Its entry in the index, its config and its weights."""
    output = run('python', '-c', USE, cwd=installed, PYTHONPATH=installed)
    origin, label = output.splitlines()[-1].rsplit(' ', 1)
    assert Path(origin) == installed / 'ipdfer_mm/__init__.py'
    assert label in EXPRESSIONS
