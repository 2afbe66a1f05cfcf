import numpy as np

from ipdfer_mm.apis.following import FaceFollower
from ipdfer_mm.apis.results import Face
from ipdfer_mm.preparation.head_pose import Angles


def face(left, fear):
    box = np.array([left, 0, left + 10, 10])
    return Face(box, None, 1., dict(fear=fear, neutral=1 - fear),
                Angles(0., 0., 0.))


def test_labels_follow_the_faces():
    """Not their places in the list: two faces swap them."""
    follower = FaceFollower(smooth=1., patience=5.)
    assert follower.follow(0., [face(0, .9), face(50, .1)]) == (
        [1, 2], ['fear', 'neutral'])
    # A moment later neither has another label yet.
    assert follower.follow(.04, [face(50, .6), face(0, .4)]) == (
        [2, 1], ['neutral', 'fear'])
    assert follower.follow(.08, []) == ([], [])
    assert follower.follow(5., [face(0, .4)]) == ([1], ['fear'])
    assert follower.follow(5.3, [face(0, .4)]) == ([1], ['neutral'])
    for seconds in (6., 7., 8.):
        follower.follow(seconds, [])
    assert follower.follow(11., [face(0, .4)]) == ([3], ['neutral'])
