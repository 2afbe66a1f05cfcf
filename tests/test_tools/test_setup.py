"""The set-up script, with an environment that only writes down its calls."""

import shutil
import sys

import pytest
from helpers.tiny_run import ROOT
from helpers.tiny_run import run as run_command

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


def run(checkout, *args, python='python', fails=False):
    """What was installed."""
    calls = checkout / 'calls'
    calls.unlink(missing_ok=True)
    run.output = run_command('bash', checkout / 'tools/setup.sh', *args,
                             cwd='/', fails=fails, PYTHON=checkout / python)
    return calls.read_text().splitlines() if calls.exists() else []


def test_installs_what_the_page_says_once(checkout):
    page = (ROOT / 'docs/install.md').read_text()
    calls = run(checkout)
    assert len(calls) == 3
    assert all(f'\npip {call}\n' in page for call in calls)
    for args, expected in (
            (['tests'], ['install -r requirements/tests.txt']),
            (['tests'], []),
            (['tests', 'docs'], ['install -r requirements/docs.txt'])):
        assert run(checkout, *args) == expected
    with open(checkout / 'requirements/runtime.txt', 'a') as file:
        file.write('new_package\n')
    assert len(run(checkout)) == 3
    assert run(checkout, python='absent') == []  # what is done needs no other


def test_replaces_opencv_where_libraries_are_missing(checkout):
    (checkout / 'slim').touch()
    assert run(checkout)[3:] == [
        'show opencv-python',
        'uninstall --yes opencv-python opencv-python-headless',
        'install --no-deps --force-reinstall '
        'opencv-python-headless==4.11.0.86']
    assert 'libGL.so.1' in run.output
    assert 'apt-get install libgl1' in run.output
    assert run(checkout) == []
    # The tests' packages put opencv-python back.
    assert run(checkout, 'tests')[1] == 'show opencv-python'
    assert (checkout / 'headless').exists()
    assert not (checkout / 'opencv').exists()


@pytest.mark.parametrize('step', ['torch==', 'mminstall', '-e .', 'headless'])
def test_a_failed_step_is_done_again(checkout, step):
    (checkout / 'slim').touch()
    (checkout / 'fail').write_text(step)
    assert step in run(checkout, fails=True)[-1]
    (checkout / 'fail').unlink()
    run(checkout)
    assert (checkout / 'headless').exists()
    assert run(checkout) == []


def test_other_errors_of_opencv_are_shown(checkout):
    (checkout / 'stub_python').write_text(
        STUB_PYTHON.replace('touch opencv', 'true'))
    run(checkout, fails=True)
    assert "No module named 'cv2'" in run.output


def test_a_half_made_or_moved_environment_is_made_anew(checkout):
    run(checkout)
    (checkout / 'half_made').touch()
    assert len(run(checkout)) == 3
    (checkout / 'half_made').unlink()
    moved = checkout.rename(checkout.with_name('moved'))
    assert len(run(moved)) == 3
    assert run(moved) == []


def test_old_python_is_named(checkout):
    old = checkout / 'old'
    old.write_text('#!/bin/bash\n[ "$1" = --version ] && echo Python 3.8.1\n'
                   '[ "$1" = --version ]\n')
    old.chmod(0o755)
    assert run(checkout, python='old', fails=True) == []
    assert 'needs Python 3.10' in run.output
    assert 'Python 3.8.1' in run.output
