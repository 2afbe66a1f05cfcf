"""IPD-FER for OpenMMLab: facial expression recognition that disentangles
expression from identity and head pose.
"""

import importlib

from .version import __version__

# name: (lowest version that works, first version that may not, how to get it)
REQUIREMENTS = {
    'mmengine': ('0.10.6', '1.0.0', 'pip install "mmengine>=0.10.6,<1.0.0"'),
    'mmcv': ('2.0.0', '2.2.0', 'pip install "mmcv-lite>=2.0.0,<2.2.0"'),
    'mmpretrain': ('1.2.0', '2.0.0', 'pip install "mmpretrain>=1.2.0,<2.0.0"'),
}


def check_requirement(name: str) -> None:
    """Check that an OpenMMLab package is there in a version we work with.

    Args:
        name (str): A key of ``REQUIREMENTS``.

    Raises:
        ImportError: If the package is missing or its version out of bounds;
            the message says what to install.
    """
    lowest, highest, command = REQUIREMENTS[name]
    try:
        version = importlib.import_module(name).__version__
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise ImportError(f'ipdfer_mm needs {name}. Install it with: '
                          f'{command}') from error
    from mmengine.utils import digit_version
    if not (digit_version(lowest) <= digit_version(version) <
            digit_version(highest)):
        raise ImportError(
            f'ipdfer_mm {__version__} works with {name} >= {lowest} and '
            f'< {highest}, but {name} {version} is installed. Mend it with: '
            f'{command}')


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


# First: the others import OpenCV.
check_opencv()
for _name in REQUIREMENTS:
    check_requirement(_name)

# After the checks, because it imports what they look for.
from .utils.compat import restore_numpy_bool8  # noqa: E402

restore_numpy_bool8()

__all__ = ['__version__', 'check_opencv', 'check_requirement']
