import numpy as np
import pytest

from ipdfer_mm.preparation.region import Region

IMAGE = np.arange(24, dtype=np.int32).reshape(4, 6)  # 6 wide, 4 high


def test_whole_image_and_box():
    assert Region.of(IMAGE, None) == (0, 0, 6, 4)
    assert Region.of(IMAGE, (1.4, 0.6, 3, 2)) == (1, 1, 3, 2)
    assert Region(1, 1, 3, 2).center == (2, 1.5)


@pytest.mark.parametrize('box', [(0, 0, 0, 3), (0, 0, 3, -1), (6, 0, 3, 3),
                                 (0, 4, 3, 3), (-3, 0, 3, 3), (0, -5, 2, 5)])
def test_box_beside_the_image_is_refused(box):
    with pytest.raises(ValueError, match='not in an image of 6x4'):
        Region.of(IMAGE, box)


def test_margin_repeats_the_border():
    region = Region.of(IMAGE, None).grow(.5)  # half of 4
    assert region == (-2, -2, 10, 8)
    expected = np.pad(IMAGE, 2, mode='edge')
    np.testing.assert_array_equal(region.cut(IMAGE), expected)
    # Inside, nothing is repeated, and colors stay.
    color = np.stack([IMAGE, IMAGE + 100], axis=-1)
    np.testing.assert_array_equal(
        Region(1, 1, 2, 3).cut(color), color[1:4, 1:3])


def test_what_lies_beyond_the_image():
    region = Region(-2, -1, 4, 2)
    for border, mode in dict(constant='constant', replicate='edge').items():
        np.testing.assert_array_equal(
            region.cut(IMAGE, border),
            np.pad(IMAGE, ((1, 0), (2, 0)), mode=mode)[:2, :4])


def test_center_crop():
    np.testing.assert_array_equal(
        Region.of(IMAGE, None).center_crop(IMAGE.astype(np.uint8), .5, 2),
        IMAGE[1:3, 2:4])
    crop = Region(4, 2, 4, 4).center_crop(IMAGE.astype(np.uint8), 1, 4)
    np.testing.assert_array_equal(crop[:2, :2], IMAGE[2:, 4:])
    assert (crop[:, 2:] == crop[:, 1:2]).all()
