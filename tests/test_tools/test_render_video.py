import importlib.util
import sys
from pathlib import Path

import cv2
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(monkeypatch):
    """Run the tool in this process."""
    spec = importlib.util.spec_from_file_location(
        'render_video', ROOT / 'tools/dataset_converters/render_video.py')
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)

    def call(*args):
        monkeypatch.setattr(sys, 'argv', ['tool', *map(str, args)])
        tool.main()

    return call


def test_video(run, tmp_path, capsys):
    path = tmp_path / 'new/a.mp4'
    run(path, '--seconds', .2, '--size', 64, '--expressions', 'happiness',
        'neutral')
    assert f'5 frames are in {path}.' in capsys.readouterr().out
    capture = cv2.VideoCapture(str(path))
    frames = [capture.read()[1] for _ in range(5)]
    assert not capture.read()[0]
    assert all(frame.shape == (64, 64, 3) for frame in frames)
    assert (frames[0] != frames[4]).any()
    assert [entry.name for entry in path.parent.iterdir()] == ['a.mp4']


@pytest.mark.parametrize('args, message', [
    (('a.avi', ), 'must end in .mp4'),
    (('a.mp4', '--expressions', 'boredom'), 'invalid choice'),
    (('a.mp4', '--seconds', '0.04'), 'at least 2 frames'),
    (('a.mp4', '--face-model', 'none.npz'), 'none.npz'),
])
def test_bad_input(run, tmp_path, monkeypatch, capsys, args, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as info:
        run(*args)
    assert message in f'{info.value}{capsys.readouterr().err}'
    assert not list(tmp_path.iterdir())
