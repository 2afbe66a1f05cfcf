"""The command as users run it."""

import csv
import json
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers.tiny_run import run as run_process
from helpers.tools import ROOT, call_tool

from ipdfer_mm.apis import ExpressionInferencer
from ipdfer_mm.rendering import FaceRenderer, parametric_head
from ipdfer_mm.rendering.clip import describe_clip
from ipdfer_mm.utils.video import written_video

TOOL = ROOT / 'tools/infer.py'


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the tool in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return lambda *args: call_tool(TOOL, *args, cwd=Path.cwd())


def write_video(path, frames):
    with written_video(path, 25) as video:
        for frame in frames:
            video.write(frame)


def read_rows(path):
    with open(path) as file:
        return list(csv.DictReader(file))


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
    write_video(tmp_path / 'clip.mp4', faces)
    result = run('in', 'c.png', 'clip.mp4', '--synthesis', '--device', 'cpu')
    assert result.code == 1, result.err  # a file was not read
    for part in ('1 faces in 2 images, 1 of them without a face',
                 '1 problems: ', 'c.png',
                 '3 faces (of 1 that were followed) in 3 frames'):
        assert part in result.out
    results = tmp_path / 'work_dirs/infer'
    content = json.loads((results / 'results.json').read_text())['images']
    assert {Path(entry['path']).name: len(entry['faces'])
            for entry in content} == {'a.png': 1, 'b.png': 0, 'c.png': 0}
    # The shipped model knows rendered subjects.
    (face, ) = content[0]['faces'] or content[1]['faces']
    assert face['label'] == 'happiness' and abs(face['yaw']) < 8
    drawn = cv2.imread(str(results / 'images/in/a.png.jpg'))
    assert drawn.shape == (360, 360 + 3 * 112, 3)
    rows = read_rows(results / 'clip.csv')
    assert [row['track'] for row in rows] == ['1'] * 3
    assert float(rows[0]['yaw']) < -10 and float(rows[2]['yaw']) > 10
    assert (results / 'clip_timeline.png').is_file()
    assert not list(results.rglob('.*'))


@pytest.mark.parametrize('args, message', [
    ((), 'give either images'),
    (('a.png', '--webcam', '0'), 'give either images'),
    (('.', ), 'has no image'),
    (('a.png', '--model', 'unknown'), 'no model "unknown"'),
    (('a.png', '--recipe', 'size=0'), 'size=0 of a recipe must be'),
    (('a.png', '--batch-size', '0'), 'batch_size must be 1 or more'),
    (('a.png', '--aligned', '--subjects'), 'does not go with --aligned'),
])
def test_bad_input(run, tmp_path, faces, args, message):
    if args and args[0] == 'a.png':
        cv2.imwrite(str(tmp_path / 'a.png'), faces[1])
    result = run(*args)
    assert result.code == 2 and message in result.err.splitlines()[-1]
    assert not list(tmp_path.glob('work_dirs/infer/*'))


def test_a_bad_video_does_not_end_the_others(run, tmp_path, faces):
    (tmp_path / 'text.mp4').write_text('no video')
    write_video(tmp_path / 'clip.mp4', faces)
    result = run('none.mp4', 'text.mp4', 'clip.mp4', '--device', 'cpu')
    assert result.code == 1
    assert 'none.mp4 does not exist' in result.err
    assert 'text.mp4 cannot be opened' in result.err
    assert 'in 3 frames' in result.out
    assert {path.name for path in (tmp_path / 'work_dirs/infer').iterdir()
            } == {'clip.mp4', 'clip.csv', 'clip_timeline.png'}


@pytest.mark.parametrize('out', ['.', '../videos'])
def test_the_video_itself_is_not_replaced(run, tmp_path, monkeypatch, out):
    (tmp_path / 'videos').mkdir()
    monkeypatch.chdir(tmp_path / 'videos')
    Path('a.mp4').write_bytes(b'mine')
    result = run('a.mp4', '--out-dir', out)
    assert result.code == 2 and 'choose another one' in result.err
    assert Path('a.mp4').read_bytes() == b'mine'


def test_ctrl_c(run, tmp_path, faces, monkeypatch):
    """What was done is kept and said."""
    iterate = ExpressionInferencer.iterate

    def interrupted(*args):
        yield from islice(iterate(*args), 2)
        raise KeyboardInterrupt

    monkeypatch.setattr(ExpressionInferencer, 'iterate', interrupted)
    write_video(tmp_path / 'long.mp4', faces)
    result = run('long.mp4')
    assert result.code == 130, result.err
    assert 'Interrupted: this is what was done so far.' in result.out
    assert len(read_rows(tmp_path / 'work_dirs/infer/long.csv')) == 2


def test_interrupted_between_videos(run, tmp_path, monkeypatch, faces):
    """What was done before is done, and is said."""
    iterate = ExpressionInferencer.iterate
    calls = []

    def interrupted(*args):
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        yield from iterate(*args)

    monkeypatch.setattr(ExpressionInferencer, 'iterate', interrupted)
    for name in ('a.mp4', 'b.mp4'):
        write_video(tmp_path / name, faces)
    result = run('a.mp4', 'b.mp4')
    assert result.code == 130, result.err
    assert 'Interrupted while working on' in result.err
    assert 'anything' not in result.err
    assert read_rows(tmp_path / 'work_dirs/infer/a.csv')


def test_a_console_without_the_letters(tmp_path):
    """As on Windows, or with LC_ALL=C of an old Python."""
    cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((60, 60, 3), np.uint8))
    output = run_process('python', TOOL, 'a.png', '--out-dir', 'Zoë',
                         '--model', 'ipdfer_rendered', cwd=tmp_path,
                         PYTHONIOENCODING='ascii')
    assert 'Zo\\xeb/results.json' in output
    assert (tmp_path / 'Zoë/results.json').is_file()
