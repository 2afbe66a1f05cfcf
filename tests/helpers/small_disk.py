"""Commands whose results go to a small or a read-only disk."""

import shutil
import subprocess
from pathlib import Path

import pytest

from helpers.tiny_run import tool_environment

# In a mount namespace of its own: seen, and left over, nowhere else.
SCRIPT = '''
disk=$1 options=$2 copy=$3
shift 3
mount -t tmpfs -o "$options" tmpfs "$disk" || exit 99
"$@"
code=$?
cp -r "$disk" "$copy"
exit $code
'''
UNSHARE = ['unshare', '--user', '--map-root-user', '--mount']


def run_on_disk(disk: Path, options: str, copy: Path, *command,
                cwd: Path) -> tuple[int, str]:
    """Run a command with a disk in memory in place of a folder.

    Args:
        disk (Path): The folder; made.
        options (str): Of ``mount``, such as ``'size=1M'`` or ``'ro'``.
        copy (Path): Where the content of the disk is afterwards; new.
        *command: Program and arguments.
        cwd (Path): Where to run it.

    Returns:
        tuple[int, str]: Exit status and what it printed.
    """
    if shutil.which('unshare') is None or subprocess.run(
            [*UNSHARE, 'true'], capture_output=True).returncode:
        pytest.skip('this system lends no mount namespaces (unshare)')
    disk.mkdir()
    done = subprocess.run(
        [*UNSHARE, 'sh', '-c', SCRIPT, 'sh', disk, options, copy,
         *map(str, command)], cwd=cwd, env=tool_environment(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
    assert done.returncode != 99, done.stdout
    return done.returncode, done.stdout
