import cv2
import pytest
from helpers.tools import call_tool


def run(*args, **kwargs):
    return call_tool('dataset_converters/render_video.py', *args, **kwargs)


def test_video(tmp_path):
    path = tmp_path / 'new/a.mp4'
    result = run(path, '--seconds', .2, '--size', 64, '--expressions',
                 'happiness', 'neutral')
    assert f'5 frames are in {path}.' in result.out
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
    (('a.mp4', '--size', '0'), '--size must be 16 to 4096'),
    (('a.mp4', '--face-model', 'none.npz'), 'none.npz'),
])
def test_bad_input(tmp_path, args, message):
    result = run(*args, cwd=tmp_path)
    assert result.code and message in result.err
    assert not list(tmp_path.iterdir())
