import numpy as np
import pytest

from ipdfer_mm.rendering.clip import describe_clip

NAMES = ('neutral', 'happiness', 'surprise')


def test_one_subject_turns_and_changes():
    frames = list(describe_clip(10, NAMES, 61, seed=3, max_yaw=30))
    assert len({id(frame.subject) for frame in frames}) == 1
    assert len({(frame.seed, frame.crop) for frame in frames}) == 1
    np.testing.assert_allclose([frame.yaw for frame in frames],
                               np.linspace(-30, 30, 61))
    smile = [frame.expression.get('mouthSmile_L', 0) for frame in frames]
    eyes = [frame.expression.get('eyeWide_L', 0) for frame in frames]
    # A third of the time each: neutral to 20, happy to 40, surprised.
    assert max(smile[:15]) == max(eyes[:35]) == max(smile[46:]) == 0
    assert np.ptp(smile[26:35]) == pytest.approx(0) and smile[30] > .3
    assert np.ptp(eyes[46:]) == pytest.approx(0) and eyes[60] > .3
    assert max(np.abs(np.diff(smile))) < .3  # no jump
    for frame in frames:
        assert all(0 <= value <= 1 for value in frame.expression.values())


def test_seed_and_one_expression():
    first, second, third = (
        next(iter(describe_clip(10, ['happiness'], 2, seed=seed)))
        for seed in (0, 0, 1))
    assert first.expression == second.expression != third.expression
    assert (first.subject.identity == second.subject.identity).all()
    assert (first.subject.identity != third.subject.identity).any()


def test_bad_arguments():
    with pytest.raises(ValueError, match='at least 2 frames'):
        next(describe_clip(10, NAMES, 1))
    with pytest.raises(ValueError, match='boredom'):
        next(describe_clip(10, ['boredom'], 5))
