"""The command as users run it."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers.tools import ROOT, call_tool

from ipdfer_mm.rendering import FaceRenderer, parametric_head
from ipdfer_mm.rendering.clip import describe_clip
from ipdfer_mm.utils.video import written_video

TOOL = ROOT / 'tools/infer.py'


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the tool in a folder of its own: stdout, stderr, exit status."""
    monkeypatch.chdir(tmp_path)

    def call(*args):
        result = call_tool(TOOL, *args, cwd=Path.cwd())
        return result.out, result.err, result.code

    return call


@pytest.fixture(scope='module')
def faces():
    """A subject who smiles, on three frames, BGR."""
    head = parametric_head()
    renderer = FaceRenderer(head)
    return [renderer.render(spec).image[..., ::-1].copy()
            for spec in describe_clip(len(head.identity), ['happiness'], 3,
                                      size=200, max_yaw=20)]


def test_images_and_video(run, tmp_path, faces):
    (tmp_path / 'in').mkdir()
    cv2.imwrite(str(tmp_path / 'in/a.png'), faces[1])
    cv2.imwrite(str(tmp_path / 'in/b.png'), np.zeros_like(faces[1]))
    (tmp_path / 'c.png').write_bytes(b'broken')
    with written_video(tmp_path / 'clip.mp4', 25) as video:
        for face in faces:
            video.write(face)
    out, err, code = run('in', 'c.png', 'clip.mp4', '--synthesis', '--device',
                         'cpu')
    assert code == 1, err  # a file was not read
    assert '1 faces in 2 images, 1 of them without a face' in out
    assert '1 problems: ' in out and 'c.png' in out
    assert '3 faces (of 1 that were followed) in 3 frames' in out
    results = tmp_path / 'work_dirs/infer'
    content = json.loads((results / 'results.json').read_text())['images']
    assert {Path(entry['path']).name: len(entry['faces'])
            for entry in content} == {'a.png': 1, 'b.png': 0, 'c.png': 0}
    # The shipped model knows rendered subjects.
    (face, ) = content[0]['faces'] or content[1]['faces']
    assert face['label'] == 'happiness' and abs(face['yaw']) < 8
    drawn = cv2.imread(str(results / 'images/in/a.png.jpg'))
    assert drawn.shape == (360, 360 + 3 * 112, 3)
    with open(results / 'clip.csv') as file:
        rows = list(csv.DictReader(file))
    assert [row['track'] for row in rows] == ['1'] * 3
    assert float(rows[0]['yaw']) < -10 and float(rows[2]['yaw']) > 10
    assert (results / 'clip_timeline.png').is_file()
    assert not list(results.rglob('.*'))


@pytest.mark.parametrize('args, message', [
    ((), 'give either images'),
    (('a.png', '--webcam', '0'), 'give either images'),
    (('.', ), 'has no image'),
    (('a.png', '--model', 'unknown'), 'no model "unknown"'),
    (('a.png', '--recipe', 'size=0'), 'positive number of pixels'),
    (('a.png', '--batch-size', '0'), 'batch_size must be 1 or more'),
])
def test_bad_input(run, tmp_path, faces, args, message):
    if args and args[0] == 'a.png':
        cv2.imwrite(str(tmp_path / 'a.png'), faces[1])
    _, err, code = run(*args)
    assert code == 2 and message in err.splitlines()[-1]
    assert not list(tmp_path.glob('work_dirs/infer/*'))


def test_a_bad_video_does_not_end_the_others(run, tmp_path, faces):
    (tmp_path / 'text.mp4').write_text('no video')
    with written_video(tmp_path / 'clip.mp4', 10) as video:
        for face in faces:
            video.write(face)
    out, err, code = run('none.mp4', 'text.mp4', 'clip.mp4', '--device',
                         'cpu')
    assert code == 1
    assert 'none.mp4 does not exist' in err
    assert 'text.mp4 cannot be opened' in err
    assert 'in 3 frames' in out
    assert {path.name for path in (tmp_path / 'work_dirs/infer').iterdir()
            } == {'clip.mp4', 'clip.csv', 'clip_timeline.png'}


@pytest.mark.parametrize('out', ['.', '../videos'])
def test_the_video_itself_is_not_replaced(run, tmp_path, monkeypatch, out):
    (tmp_path / 'videos').mkdir()
    monkeypatch.chdir(tmp_path / 'videos')
    Path('a.mp4').write_bytes(b'mine')
    _, err, code = run('a.mp4', '--out-dir', out)
    assert code == 2 and 'choose another one' in err
    assert Path('a.mp4').read_bytes() == b'mine'


@pytest.mark.skipif(sys.platform == 'win32', reason='needs SIGINT')
def test_ctrl_c(tmp_path, faces):
    """What was done is kept and said."""
    with written_video(tmp_path / 'long.mp4', 25) as video:
        for index in range(1000):
            video.write(faces[index % 3])
    process = subprocess.Popen(
        [sys.executable, TOOL, 'long.mp4', '--batch-size', '1'], cwd=tmp_path,
        env={**os.environ, 'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1'},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # Processes in the background of a script ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    results = tmp_path / 'work_dirs/infer'
    deadline = time.monotonic() + 300
    # Rows reach the file when a buffer is full.
    while not any(path.stat().st_size for path in results.glob('.*.csv')):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 130, err
    assert 'Interrupted: this is what was done so far.' in out
    assert 'Traceback' not in err
    with open(results / 'long.csv') as file:
        frames = [int(row['frame']) for row in csv.DictReader(file)]
    assert frames == list(range(len(frames))) and 0 < len(frames) < 1000
    capture = cv2.VideoCapture(str(results / 'long.mp4'))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == len(frames)
    assert (results / 'long_timeline.png').is_file()
    assert not list(results.rglob('.*'))


def test_a_console_without_the_letters(tmp_path):
    """As on Windows, or with LC_ALL=C of an old Python."""
    cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((60, 60, 3), np.uint8))
    done = subprocess.run(
        [sys.executable, TOOL, 'a.png', '--out-dir', 'Zoë', '--model',
         'ipdfer_rendered'],
        env=dict(os.environ, PYTHONIOENCODING='ascii'), cwd=tmp_path,
        capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert 'Zo\\xeb/results.json' in done.stdout
    assert (tmp_path / 'Zoë/results.json').is_file()
