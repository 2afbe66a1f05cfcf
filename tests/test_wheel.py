"""The wheel has all that an installation away from the checkout needs."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ('LICENSE', 'MANIFEST.in', 'README.md', 'configs', 'ipdfer_mm',
           'tools',
           'model-index.yml', 'pyproject.toml', 'requirements', 'setup.py')
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
    checkout = folder / 'checkout'  # a copy, as the build leaves files there
    checkout.mkdir()
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, checkout / name,
                            ignore=shutil.ignore_patterns('__pycache__'))
        else:
            shutil.copy(ROOT / name, checkout)
    subprocess.run([
        sys.executable, '-m', 'pip', 'wheel', '--quiet', '--no-deps',
        '--no-index', '--no-build-isolation', '-w', folder, checkout
    ], check=True)
    (wheel, ) = folder.glob('ipdfer_mm-*-py3-none-any.whl')
    with zipfile.ZipFile(wheel) as file:
        file.extractall(folder / 'site')
    return folder / 'site'


def files(folder: Path) -> set[str]:
    return {
        str(path.relative_to(folder)) for path in folder.rglob('*')
        if path.is_file() and '__pycache__' not in path.parts
    }


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
    result = subprocess.run([sys.executable, '-c', USE],
                            env=dict(
                                os.environ,
                                PYTHONPATH=str(installed),
                                OMP_NUM_THREADS='1'),
                            cwd=installed.parent,
                            capture_output=True,
                            text=True)
    assert result.returncode == 0, result.stderr[-2000:]
    origin, label = result.stdout.splitlines()[-1].rsplit(' ', 1)
    assert Path(origin) == installed / 'ipdfer_mm/__init__.py'
    assert label in ('anger', 'disgust', 'fear', 'happiness', 'neutral',
                     'sadness', 'surprise')
