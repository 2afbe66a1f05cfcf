"""Print what is installed, for bug reports.

``python -m ipdfer_mm.utils.collect_env``
"""

from importlib import metadata

from mmengine.utils.dl_utils import collect_env as collect_base_env

from ipdfer_mm.version import __version__

PACKAGES = ('numpy', 'opencv-python', 'facenet-pytorch', 'mmengine', 'mmcv',
            'mmcv-lite', 'mmpretrain', 'onedl-mmengine', 'onedl-mmcv',
            'onedl-mmpretrain', 'mmagic', 'setuptools')


def collect_env() -> dict:
    """Collect system, compiler, torch and package versions.

    Returns:
        dict: Versions by name; 'not installed' for a package that is missing.
    """
    env = collect_base_env()
    env['ipdfer_mm'] = __version__
    for package in PACKAGES:
        try:
            env[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            env[package] = 'not installed'
    return env


if __name__ == '__main__':
    for name, value in collect_env().items():
        print(f'{name}: {value}')
