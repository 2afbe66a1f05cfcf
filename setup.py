"""Package ipdfer_mm."""

from pathlib import Path

from setuptools import find_packages, setup

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


setup(
    name='ipdfer_mm',
    version=get_version(),
    description='Disentangling identity and pose for facial expression '
    'recognition (IPD-FER), for OpenMMLab',
    long_description=(ROOT / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    packages=find_packages(include=['ipdfer_mm', 'ipdfer_mm.*']),
    package_data={'ipdfer_mm': ['weights/*']},
    python_requires='>=3.10',
    install_requires=parse_requirements('runtime'),
    extras_require={
        'optional': parse_requirements('optional'),
        'tests': parse_requirements('tests'),
    },
    zip_safe=False)
