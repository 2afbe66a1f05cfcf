import cv2
import numpy as np
import pytest

from ipdfer_mm.datasets import RandomTint


def tint(image, seed=0, **kwargs):
    np.random.seed(seed)
    return RandomTint(**kwargs)(dict(img=image.copy(), other=1))['img']


@pytest.fixture
def ramp():
    """All 256 gray levels, (16, 16, 3)."""
    return np.repeat(np.arange(256, dtype=np.uint8), 3).reshape(16, 16, 3)


def test_channels_are_powers(ramp):
    """Exponents exp(a) of which all a are normal and of their own."""
    logs = []
    for seed in range(200):
        tinted = tint(ramp, seed, std=0.4, prob=1)
        assert tinted.shape == ramp.shape and tinted.dtype == np.uint8
        # (v / 255) ** exponent, solved where v is in the middle
        middle = tinted[8, 0].astype(float) / 255  # of 128
        logs.append(np.log(np.log(middle) / np.log(128 / 255)))
        for channel, log in enumerate(logs[-1]):
            expected = 255 * (np.arange(256) / 255)**np.exp(log)
            levels = tinted[..., channel].ravel().astype(int)
            np.testing.assert_allclose(levels, expected, atol=1.5)
            assert levels[0] == 0 and levels[-1] == 255
            assert (np.diff(levels) >= 0).all()
    logs = np.array(logs)
    assert abs(logs.mean()) < 0.08
    np.testing.assert_allclose(logs.std(axis=0), 0.4, rtol=0.2)
    correlation = np.corrcoef(logs.T)[np.triu_indices(3, 1)]
    assert (np.abs(correlation) < 0.25).all()


def test_each_pixel_of_a_color_gets_the_same(ramp):
    image = cv2.resize(ramp, (32, 8), interpolation=cv2.INTER_NEAREST)
    image[..., 1] //= 2
    tinted = tint(image, prob=1)
    table = tint(ramp, prob=1).reshape(256, 3)
    for channel in range(3):
        np.testing.assert_array_equal(
            tinted[..., channel], table[image[..., channel], channel])


@pytest.mark.parametrize('kwargs', [dict(prob=0), dict(std=0, prob=1)])
def test_nothing_changes(ramp, kwargs):
    for seed in range(10):
        np.testing.assert_array_equal(tint(ramp, seed, **kwargs), ramp)


def test_share_of_changed_images(ramp):
    changed = sum((tint(ramp, seed, prob=0.3) != ramp).any()
                  for seed in range(200))
    assert 40 < changed < 80


def test_seed_decides(ramp):
    first = tint(ramp, 1, prob=1)
    np.testing.assert_array_equal(tint(ramp, 1, prob=1), first)
    assert (tint(ramp, 2, prob=1) != first).any()


def test_input_is_left_alone_and_other_keys_stay(ramp):
    """Also of a view, as a flip or a crop makes one."""
    before = ramp.copy()
    np.random.seed(0)
    results = RandomTint(prob=1)(dict(img=ramp[:, ::-1], gt_label=3))
    np.testing.assert_array_equal(ramp, before)
    assert results.keys() == {'img', 'gt_label'} and results['gt_label'] == 3
    np.testing.assert_array_equal(
        results['img'], tint(ramp, prob=1)[:, ::-1])
