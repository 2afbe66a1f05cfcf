"""IPD-FER for OpenMMLab: facial expression recognition that disentangles
expression from identity and head pose.
"""

import importlib
import importlib.util
import re
import warnings
from importlib import metadata
from pathlib import Path

import numpy as np
from packaging.version import Version

from .version import __version__

# name: (lowest version that works, first version that may not, project)
REQUIREMENTS = {
    'mmengine': ('0.10.6', '1.0.0', 'mmengine'),
    'mmcv': ('2.0.0', '2.4.0', 'mmcv-lite'),
    'mmpretrain': ('1.2.0', '2.0.0', 'mmpretrain'),
}


def uses_forks() -> bool:
    """Whether one of OpenMMLab's maintained forks is installed.

    They have the import names of upstream, and neither may be put over the
    other.
    """
    for name in REQUIREMENTS:
        try:
            metadata.distribution(f'onedl-{name}')
        except metadata.PackageNotFoundError:
            continue
        return True
    return False


def install_command(name: str) -> str:
    """Command that installs a package in a version that works.

    Args:
        name (str): A key of ``REQUIREMENTS``.

    Returns:
        str: Of the fork where forks are installed, else of upstream.
    """
    lowest, highest, project = REQUIREMENTS[name]
    if uses_forks():
        project = f'onedl-{name}'
    return f'pip install "{project}>={lowest},<{highest}"'


def find_version(name: str) -> str | None:
    """Find the version of an OpenMMLab package without importing it.

    All three import torch, which takes ten times as long as the rest.

    Args:
        name (str): A key of ``REQUIREMENTS``.

    Returns:
        str or None: What its ``version.py`` says; None if it is not there.
    """
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        return None
    file = Path(spec.origin).with_name('version.py')
    found = file.is_file() and re.search(
        '^__version__ = [\'"](.+)[\'"]', file.read_text(), re.MULTILINE)
    return found[1] if found else importlib.import_module(name).__version__


def check_requirement(name: str) -> None:
    """Check that an OpenMMLab package is there in a version we work with.

    Args:
        name (str): A key of ``REQUIREMENTS``.

    Raises:
        ImportError: If the package is missing or its version out of bounds;
            the message says what to install.
    """
    lowest, highest, _ = REQUIREMENTS[name]
    version = find_version(name)
    if version is None:
        raise ImportError(f'ipdfer_mm needs {name}. Install it with: '
                          f'{install_command(name)}')
    if not Version(lowest) <= Version(version) < Version(highest):
        raise ImportError(
            f'ipdfer_mm {__version__} works with {name} >= {lowest} and '
            f'< {highest}, but {name} {version} is installed. Fix it with: '
            f'{install_command(name)}')


def check_opencv() -> None:
    """Check that OpenCV finds the libraries of the system that it needs.

    Raises:
        ImportError: If it does not; the message says what to install.
    """
    try:
        importlib.import_module('cv2')
    except ImportError as error:
        if 'cannot open shared object file' not in str(error):
            raise
        raise ImportError(
            f'opencv-python lacks a library of the system ({error}). Install '
            'it, on Debian and Ubuntu with: apt-get install libgl1 '
            'libglib2.0-0; or take the build that needs none: pip uninstall '
            'opencv-python; pip install opencv-python-headless') from error


check_opencv()
for _name in REQUIREMENTS:
    check_requirement(_name)

# mmcv-lite says at each start what it lacks; nothing here needs it.
warnings.filterwarnings(
    'ignore', message='Fail to import ``MultiScaleDeformableAttention``')

if not hasattr(np, 'bool8'):
    # On numpy 2, mmagic 1.2.0 can be imported with this alias alone
    # (mmagic/utils/trans_utils.py).
    np.bool8 = np.bool_

__all__ = ['__version__', 'check_opencv', 'check_requirement']
