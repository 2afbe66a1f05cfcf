import math

import numpy as np
import pytest

from ipdfer_mm.apis.results import Face
from ipdfer_mm.apis.smoothing import UNSURE, ExpressionSmoother
from ipdfer_mm.metrics.reliability import Thresholds
from ipdfer_mm.preparation.head_pose import Angles

FRAME = 0.04


def face(fear, yaw=0.):
    return Face(np.zeros(4), None, 1., dict(fear=fear, neutral=1 - fear),
                Angles(yaw, 0., 0.))


def course(smoother, faces, track=1):
    return [smoother.update(track, index * FRAME, one)
            for index, one in enumerate(faces)]


def test_a_single_frame_changes_nothing():
    faces = [face(.1)] * 10 + [face(.9)] + [face(.1)] * 10
    assert set(course(ExpressionSmoother(.5), faces)) == {'neutral'}
    assert course(ExpressionSmoother(0.), faces)[9:12] == [
        'neutral', 'fear', 'neutral']


def test_a_change_that_lasts_is_shown_after_the_stated_time():
    shown = course(ExpressionSmoother(.5), [face(.1)] * 20 + [face(.9)] * 40)
    change = (shown.index('fear') - 20) * FRAME
    # The average passes 0.5 after ln(2) * 0.25 s, and stays for 0.125 s.
    assert change == pytest.approx(.25 * math.log(2) + .125, abs=2 * FRAME)
    assert set(shown[shown.index('fear'):]) == {'fear'}


def test_faces_are_apart():
    smoother = ExpressionSmoother(.5)
    assert smoother.update(1, 0., face(.1)) == 'neutral'
    assert smoother.update(2, 0., face(.9)) == 'fear'
    smoother.forget({2: None})
    assert smoother.update(1, .04, face(.9)) == 'fear'  # begins anew


def test_unsure_where_score_or_yaw_do_not_carry():
    limits = Thresholds(dict(fear=.6, neutral=.6), (0., 0., 0., 0., .95))
    for one, label in ((face(.45), UNSURE), (face(.2), 'neutral'),
                       (face(.2, math.nan), 'neutral')):
        assert course(ExpressionSmoother(.5, limits), [one]) == [label]
    turned = course(ExpressionSmoother(.5, limits),
                    [face(.2, yaw) for yaw in [0.] * 5 + [60.] * 60])
    assert turned[4] == 'neutral' and turned[-1] == UNSURE


def test_negative_time():
    with pytest.raises(ValueError, match='must be 0 or more'):
        ExpressionSmoother(-1.)
