import os
import signal
import subprocess
import sys
import time

import pytest
from helpers.tiny_run import tool_environment
from helpers.tools import ROOT, call_tool, run_tool

from ipdfer_mm.datasets import SyntheticFaces

TOOL = ROOT / 'tools/dataset_converters/render_faces.py'


def command(out, *flags, subjects=6, images=30, workers=0):
    return [str(part) for part in (
        TOOL, out, '--split', 'test', '--num-subjects', subjects,
        '--num-images', images, '--size', 32, '--workers', workers, *flags)]


def start(*args, **kwargs):
    return subprocess.Popen(
        [sys.executable, *command(*args, **kwargs)], env=tool_environment(),
        start_new_session=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)


def run(*args, **kwargs):
    """Run the tool, which must work."""
    return run_tool(*command(*args, **kwargs), cwd=ROOT)


def contents(folder):
    """Bytes by name, without what a killed process left half-written."""
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob('*')
            if path.is_file() and '.partial' not in path.name}


def times(folder, pattern='*'):
    """When each file was changed; those being written begin with a dot."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob(pattern)
            if path.name[0] != '.'}


@pytest.fixture(scope='module')
def rendered(tmp_path_factory):
    out = tmp_path_factory.mktemp('rendered')
    output = run(out)
    (folder, ) = out.iterdir()
    assert f'30 faces and as many neutral ones are in {folder}.' in output
    return folder


def test_the_dataset_finds_it_ready(rendered):
    before = times(rendered)
    dataset = SyntheticFaces(str(rendered.parent), 'test', num_subjects=6,
                             num_images=30, img_size=32)
    assert len(dataset) == 30
    assert before == times(rendered)


def test_two_workers_give_the_same_bytes(rendered, tmp_path):
    run(tmp_path, workers=2)
    assert contents(tmp_path / rendered.name) == contents(rendered)


def test_two_at_the_same_time_do_no_harm(rendered, tmp_path):
    both = [start(tmp_path) for _ in range(2)]
    for process in both:
        _, errors = process.communicate()
        assert process.returncode == 0, errors
    assert contents(tmp_path / rendered.name) == contents(rendered)
    assert not list(tmp_path.rglob('*.partial*'))


def test_other_arguments_go_to_other_folders(rendered, tmp_path):
    for flags in (('--seed', 1), ('--size', 48)):
        run(tmp_path, *flags)
    folders = sorted(tmp_path.iterdir())
    assert len(folders) == 2
    name = 'images/person_600000_000.png'
    images = {(folder / name).read_bytes() for folder in (*folders, rendered)}
    assert len(images) == 3


@pytest.mark.skipif(sys.platform == 'win32', reason='needs SIGKILL')
def test_goes_on_after_a_kill(tmp_path):
    many = dict(subjects=10, images=60)
    process = start(tmp_path / 'killed', workers=2, **many)
    deadline = time.monotonic() + 120
    while len(times(tmp_path, '*.png')) < 20:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(.005)
    process.kill()
    process.communicate()
    # The workers have ended too, rather than wait for a parent.
    while group_lives(process.pid):
        assert time.monotonic() < deadline
        time.sleep(.05)
    (folder, ) = (tmp_path / 'killed').iterdir()
    assert not (folder / 'labels.csv').exists()
    kept = times(folder, '*.png')
    assert 20 <= len(kept) < 120

    output = run(tmp_path / 'killed', **many)
    assert f'Rendering {120 - len(kept)} of 120' in output
    assert kept.items() <= times(folder, '*.png').items()
    run(tmp_path / 'whole', **many)
    assert contents(folder) == contents(tmp_path / 'whole' / folder.name)


def group_lives(group):
    try:
        os.killpg(group, signal.SIG_DFL)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize('out, flags, message', [
    ('file', (), 'choose a data_root that can be written'),
    ('', ('--face-model', 'none.npz'), 'none.npz does not exist'),
    ('', ('--face-model', 'file'), 'file is no readable .npz'),
    ('', ('--num-subjects', 31), 'num_images is 30'),
    ('', ('--size', 8), 'size of images is 8'),
    ('', ('--workers', -1), 'number of workers is -1'),
])
def test_errors_are_one_line(tmp_path, out, flags, message):
    (tmp_path / 'file').touch()
    code, _, err, _ = call_tool(
        *command(tmp_path / out, *flags, workers=2), cwd=tmp_path)
    assert code == 2 and message in err.splitlines()[-1]
    assert [path.name for path in tmp_path.iterdir()] == ['file']
