import cv2
import numpy as np
import pytest

pytest.importorskip('gradio', reason='gradio is not installed')


@pytest.fixture(scope='module')
def surprised(examples):
    return cv2.cvtColor(
        cv2.imread(str(examples['surprise'])), cv2.COLOR_BGR2RGB)


def test_faces_are_followed_for_a_minute(inferencer, surprised):
    from ipdfer_mm.webpage.live import LiveFaces
    live = LiveFaces(inferencer)
    for seconds in (100., 100.5, 101.):
        drawn = live.look(surprised, seconds)
    assert drawn.shape == (360, 360, 3)  # 256 pixels, enlarged
    (panel, ) = live.timeline().axes
    assert panel.get_title() == 'face 1'
    course = dict(zip(inferencer.classes, panel.get_lines()))['surprise']
    np.testing.assert_allclose(course.get_xdata(), [0, .5, 1], atol=.05)
    assert course.get_ydata().min() > .5
    # Another minute without a face before the camera: nothing is left.
    wall = np.full_like(surprised, 99)
    live.look(wall, 161.5)
    (panel, ) = live.timeline().axes
    assert panel.get_title() == 'no face'
