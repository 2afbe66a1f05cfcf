"""Importing the package: versions, and what is not installed."""

import sys
from importlib import metadata

import pytest
from helpers.tiny_run import run

import ipdfer_mm
from ipdfer_mm import REQUIREMENTS, check_requirement

BLOCKED = ('mmagic', 'mmcv._ext', 'pkg_resources')


@pytest.fixture
def install(monkeypatch, tmp_path):
    """Pretend that a package is there in some version."""
    monkeypatch.syspath_prepend(tmp_path)

    def call(name: str, version: str) -> None:
        monkeypatch.delitem(sys.modules, name, raising=False)
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / '__init__.py').write_text('raise ImportError')
        (tmp_path / name / 'version.py').write_text(
            f"# Copyright\n__version__ = '{version}'\n")

    return call


@pytest.fixture(params=[False, True], ids=['upstream', 'forks'])
def forks(request, monkeypatch) -> bool:
    """Pretend that the forks are installed, or that they are not."""
    real = metadata.distribution

    def distribution(name: str) -> metadata.Distribution:
        if name.startswith('onedl-'):
            # Any other one that is there stands for a fork.
            name = 'pytest' if request.param else 'absent'
        return real(name)

    monkeypatch.setattr(metadata, 'distribution', distribution)
    return request.param


def command(name: str, forks: bool) -> str:
    """What installs a package, never upstream over a fork."""
    bounds = {'mmcv': '>=2.0.0,<2.4.0', 'mmengine': '>=0.10.6,<1.0.0',
              'mmpretrain': '>=1.2.0,<2.0.0'}[name]
    upstream = 'mmcv-lite' if name == 'mmcv' else name
    return f'pip install "{f"onedl-{name}" if forks else upstream}{bounds}"'


@pytest.mark.parametrize('name', REQUIREMENTS)
def test_bounds(install, name, forks):
    lowest, highest, _ = REQUIREMENTS[name]
    # Those of 2026 are admitted: upstream, and OpenMMLab's forks.
    admitted = {'mmengine': ('0.10.7', '0.10.12'),
                'mmcv': ('2.1.0', '2.2.0', '2.3.6'),
                'mmpretrain': ('1.2.0', '1.3.6')}
    for version in (lowest, f'{lowest}.1', *admitted[name]):
        install(name, version)
        check_requirement(name)
    for version in ('0.0.1', f'{lowest}rc1', highest, '99.0'):
        install(name, version)
        with pytest.raises(ImportError) as info:
            check_requirement(name)
        for part in (f'{name} {version} is installed', f'>= {lowest}',
                     f'< {highest}', command(name, forks),
                     ipdfer_mm.__version__):
            assert part in str(info.value)


@pytest.mark.parametrize('name', REQUIREMENTS)
def test_missing_package(monkeypatch, name, forks):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError) as info:
        check_requirement(name)
    assert f'ipdfer_mm needs {name}' in str(info.value)
    assert command(name, forks) in str(info.value)


def test_import_without_mmagic_and_compiled_mmcv(tmp_path):
    run('python', '-c', f'''
import sys
for name in {BLOCKED}: sys.modules[name] = None
import numpy as np
import ipdfer_mm
from ipdfer_mm.utils import register_all_modules
register_all_modules()
from mmengine.registry import HOOKS, MODELS
assert HOOKS.build(dict(type='DatasetMetaHook')) is not None
assert MODELS.build(dict(type='FaceDecoder')).img_size == 112
assert np.bool8 is np.bool_
assert all(sys.modules[name] is None for name in {BLOCKED})
''', cwd=tmp_path)


def test_import_is_silent(tmp_path):
    """mmcv-lite, which we tell users to install, is no reason to worry."""
    assert run('python', '-c', 'from ipdfer_mm.apis import '
               'ExpressionInferencer', cwd=tmp_path) == ''


# mmagic 1.2.0 asserts mmcv < 2.2 when it is imported.
@pytest.mark.parametrize('error', ['ImportError', 'AssertionError("mmcv")'])
def test_optimizers_without_mmagic(tmp_path, error):
    (tmp_path / 'mmagic').mkdir()
    (tmp_path / 'mmagic/__init__.py').write_text(f'raise {error}')
    run('python', '-c', '''
import torch
from ipdfer_mm.engine import AlternatingOptimWrapperConstructor
model = torch.nn.Sequential(torch.nn.Linear(1, 1))
model.trained_by_step = dict(encoders=('0', ))
wrappers = AlternatingOptimWrapperConstructor(
    dict(encoders=dict(optimizer=dict(type='Adam'))))(model)
assert len(wrappers['encoders'].param_groups[0]['params']) == 2
''', cwd=tmp_path)


@pytest.fixture
def fake(monkeypatch, tmp_path):
    """Put a module in the place of an installed one."""

    def call(name: str, text: str) -> None:
        (tmp_path / f'{name}.py').write_text(text)
        monkeypatch.delitem(sys.modules, name, raising=False)
        monkeypatch.syspath_prepend(tmp_path)

    return call


def test_broken_package_is_not_called_missing(fake):
    """mmpretrain is there, but something that it imports is not."""
    fake('mmpretrain', 'import absent_part')
    with pytest.raises(ModuleNotFoundError, match='absent_part'):
        check_requirement('mmpretrain')


def test_missing_system_library_is_named(fake):
    fake('cv2', 'raise ImportError("libGL.so.1: cannot open shared object '
         'file: No such file or directory")')
    with pytest.raises(ImportError) as info:
        ipdfer_mm.check_opencv()
    for part in ('libGL.so.1', 'apt-get install libgl1',
                 'opencv-python-headless'):
        assert part in str(info.value)


def test_other_errors_of_opencv_are_passed_on(fake):
    fake('cv2', 'raise ImportError("numpy is too old")')
    with pytest.raises(ImportError, match='^numpy is too old$'):
        ipdfer_mm.check_opencv()
