"""Package ipdfer_mm."""

import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent


def get_version() -> str:
    """Read the version without importing the package."""
    namespace: dict = {}
    exec((ROOT / 'ipdfer_mm/version.py').read_text(), namespace)
    return namespace['__version__']


def parse_requirements(name: str) -> list:
    """Read requirements/<name>.txt without comments."""
    lines = (ROOT / 'requirements' / f'{name}.txt').read_text().splitlines()
    lines = [line.split('#')[0].strip() for line in lines]
    return [line for line in lines if line]


class BuildWithConfigs(build_py):
    """Puts configs and tools into `.mim`, where OpenMMLab looks for them."""

    def run(self) -> None:
        """Build, and copy them; an editable installation has the checkout."""
        super().run()
        if self.editable_mode:
            return
        target = Path(self.build_lib, 'ipdfer_mm/.mim')
        for name in ('configs', 'tools'):
            shutil.copytree(ROOT / name, target / name, dirs_exist_ok=True,
                            ignore=shutil.ignore_patterns('__pycache__'))
        if (ROOT / 'model-index.yml').is_file():
            shutil.copy(ROOT / 'model-index.yml', target)


setup(
    name='ipdfer_mm',
    version=get_version(),
    description='Disentangling identity and pose for facial expression '
    'recognition (IPD-FER), for OpenMMLab',
    long_description=(ROOT / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    packages=find_packages(include=['ipdfer_mm', 'ipdfer_mm.*']),
    package_data={
        'ipdfer_mm': ['py.typed', 'rendering/head.npz', 'weights/*'],
    },
    cmdclass={'build_py': BuildWithConfigs},
    entry_points=dict(
        console_scripts=['ipdfer = ipdfer_mm.command_line:main']),
    python_requires='>=3.10',
    install_requires=parse_requirements('openmmlab')
    + parse_requirements('runtime'),
    extras_require={
        'lite': parse_requirements('lite'),
        'optional': parse_requirements('optional'),
        'tests': parse_requirements('tests'),
    },
    zip_safe=False)
