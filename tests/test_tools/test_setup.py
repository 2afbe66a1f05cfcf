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
    rm -rf .venv
    mkdir -p .venv/bin
    cp stub_python .venv/bin/python
else
    exec {python} "$@"
fi
'''
# The environment's. OpenCV works if one of its builds is installed and, on a
# slim machine, it is the headless one.
STUB_PYTHON = '''#!/bin/bash
if [ "$1 $2" = "-m pip" ]; then
    shift 3
    echo "$@" >> calls
    if [ -e fail ] && [[ "$*" == *"$(cat fail)"* ]]; then exit 3; fi
    case "$*" in
    "install -e .") touch opencv ;;
    "show opencv-python") echo "Version: 4.11.0.86" ;;
    *tests.txt) touch opencv; rm -f headless ;;  # it shares its files
    "uninstall --yes opencv-python "*) rm -f opencv headless ;;
    *"--force-reinstall opencv-python-headless=="*) touch headless ;;
    esac
elif [ "$2" = "import cv2" ]; then
    if [ ! -e opencv ] && [ ! -e headless ]; then
        echo "ModuleNotFoundError: No module named 'cv2'" >&2
        exit 1
    elif [ -e slim ] && [ ! -e headless ]; then
        echo "Traceback (most recent call last):" >&2
        echo "ImportError: libGL.so.1: cannot open shared object file" >&2
        exit 1
    fi
elif [ "$2" = "import pip" ]; then
    [ ! -e half_made ]
fi
'''


@pytest.fixture
def checkout(tmp_path):
    """A checkout with stubs for Python and pip."""
    for name in ('tools/setup.sh', 'setup.py', 'requirements/mminstall.txt',
                 'requirements/openmmlab.txt', 'requirements/runtime.txt',
                 'requirements/tests.txt', 'requirements/docs.txt'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    for name, text in (('python', PYTHON.format(python=sys.executable)),
                       ('stub_python', STUB_PYTHON)):
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
    assert run(checkout, 'tests', 'docs')[1] == [
        'install -r requirements/docs.txt']
    with open(checkout / 'requirements/runtime.txt', 'a') as file:
        file.write('new_package\n')
    assert len(run(checkout)[1]) == 3


def test_replaces_opencv_where_libraries_are_missing(checkout):
    (checkout / 'slim').touch()
    result, calls = run(checkout)
    assert result.returncode == 0, result.stderr
    assert calls[3:] == [
        'show opencv-python',
        'uninstall --yes opencv-python opencv-python-headless',
        'install --no-deps --force-reinstall '
        'opencv-python-headless==4.11.0.86'
    ]
    assert 'libGL.so.1' in result.stdout
    assert 'apt-get install libgl1' in result.stdout
    assert run(checkout)[1] == []
    # The tests' packages put opencv-python back.
    result, calls = run(checkout, 'tests')
    assert result.returncode == 0, result.stderr
    assert calls[1] == 'show opencv-python'
    assert (checkout / 'headless').exists()
    assert not (checkout / 'opencv').exists()


@pytest.mark.parametrize('step', ['torch==', 'mminstall', '-e .', 'headless'])
def test_a_failed_step_is_done_again(checkout, step):
    (checkout / 'slim').touch()
    (checkout / 'fail').write_text(step)
    result, calls = run(checkout)
    assert result.returncode != 0
    assert step in calls[-1]
    (checkout / 'fail').unlink()
    result, calls = run(checkout)
    assert result.returncode == 0, result.stderr
    assert (checkout / 'headless').exists()
    assert run(checkout)[1] == []


def test_other_errors_of_opencv_are_shown(checkout):
    (checkout / 'stub_python').write_text(
        STUB_PYTHON.replace('touch opencv', 'true'))
    result, _ = run(checkout)
    assert result.returncode != 0
    assert "No module named 'cv2'" in result.stderr


def test_a_half_made_environment_is_made_anew(checkout):
    run(checkout)
    (checkout / 'half_made').touch()
    assert len(run(checkout)[1]) == 3


def test_a_moved_folder_is_installed_again(checkout):
    run(checkout)
    moved = checkout.rename(checkout.with_name('moved'))
    assert len(run(moved)[1]) == 3
    assert run(moved)[1] == []


def test_finished_environment_needs_no_other_python(checkout):
    run(checkout)
    result, calls = run(checkout, python='absent')
    assert (result.returncode, calls) == (0, [])


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
