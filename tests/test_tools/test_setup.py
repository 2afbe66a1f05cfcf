"""The set-up script, with an environment that only writes down its calls."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Stands for the system's Python: makes an "environment" of stubs.
PYTHON = '''#!/bin/bash
if [ "$1 $2" = "-m venv" ]; then
    mkdir -p .venv/bin
    echo 'PATH="$PWD/.venv/bin:$PATH"' > .venv/bin/activate
    cp stub_python .venv/bin/python
    cp stub_pip .venv/bin/pip
else
    exec {python} "$@"
fi
'''
# The environment's: OpenCV fails unless the headless build is there.
STUB_PYTHON = '''#!/bin/bash
if [ "$2" = "import cv2" ] && [ ! -e headless ] && [ -e slim ]; then
    echo "Traceback (most recent call last):"
    echo "ImportError: libGL.so.1: cannot open shared object file" >&2
    exit 1
fi
'''
STUB_PIP = '''#!/bin/bash
echo "$@" >> calls
case "$*" in
"show opencv-python") echo "Version: 4.11.0.86" ;;
*"opencv-python-headless=="*) touch headless ;;
esac
'''


@pytest.fixture
def checkout(tmp_path):
    """A checkout with stubs for Python and pip."""
    for name in ('tools/setup.sh', 'setup.py', 'requirements/mminstall.txt',
                 'requirements/runtime.txt', 'requirements/tests.txt'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    for name, text in (('python', PYTHON.format(python=sys.executable)),
                       ('stub_python', STUB_PYTHON), ('stub_pip', STUB_PIP)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    return tmp_path


def run(checkout, *args, python='python'):
    calls = checkout / 'calls'
    calls.unlink(missing_ok=True)
    result = subprocess.run(
        ['bash', checkout / 'tools/setup.sh', *args],
        env=dict(os.environ, PYTHON=str(checkout / python)),
        cwd='/',
        capture_output=True,
        text=True)
    return result, calls.read_text().splitlines() if calls.exists() else []


def test_installs_what_the_readme_says_once(checkout):
    result, calls = run(checkout)
    assert result.returncode == 0, result.stderr
    readme = (ROOT / 'README.md').read_text()
    assert len(calls) == 3
    for call in calls:
        assert f'\npip {call}\n' in readme
    result, calls = run(checkout, 'tests')
    assert (result.returncode, calls) == (
        0, ['install -r requirements/tests.txt'])
    assert run(checkout, 'tests')[1] == []
    with open(checkout / 'requirements/runtime.txt', 'a') as file:
        file.write('new_package\n')
    assert len(run(checkout)[1]) == 3


def test_replaces_opencv_where_libraries_are_missing(checkout):
    (checkout / 'slim').touch()
    result, calls = run(checkout)
    assert result.returncode == 0, result.stderr
    assert calls[3:] == [
        'show opencv-python', 'uninstall --yes opencv-python',
        'install --no-deps opencv-python-headless==4.11.0.86'
    ]
    assert 'libGL.so.1' in result.stdout
    assert 'apt-get install libgl1' in result.stdout
    assert run(checkout)[1] == []


def test_a_failed_install_is_not_taken_for_done(checkout):
    (checkout / 'stub_pip').write_text('#!/bin/bash\nexit 3\n')
    assert run(checkout)[0].returncode != 0
    shutil.rmtree(checkout / '.venv')
    (checkout / 'stub_pip').write_text(STUB_PIP)
    assert len(run(checkout)[1]) == 3


def test_old_python_is_named(checkout):
    old = checkout / 'old'
    old.write_text('#!/bin/bash\n[ "$1" = --version ] && echo Python 3.8.1\n'
                   '[ "$1" = --version ]\n')
    old.chmod(0o755)
    result, calls = run(checkout, python='old')
    assert result.returncode == 1
    assert 'needs Python 3.10' in result.stderr
    assert 'Python 3.8.1' in result.stderr
    assert calls == []
