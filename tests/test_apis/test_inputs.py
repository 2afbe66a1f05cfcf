import numpy as np
import pytest

from ipdfer_mm.apis.inputs import list_inputs, to_rgb


def test_channels(rng):
    bgra = rng.integers(0, 256, (4, 5, 4), np.uint8)
    rgb = bgra[..., [2, 1, 0]]
    np.testing.assert_array_equal(to_rgb(bgra), rgb)
    np.testing.assert_array_equal(to_rgb(bgra[..., :3]), rgb)
    for gray in (bgra[..., 0], bgra[..., :1]):
        np.testing.assert_array_equal(to_rgb(gray),
                                      np.stack([bgra[..., 0]] * 3, axis=2))
    deep = bgra.astype(np.uint16) * 256 + rng.integers(0, 256, bgra.shape,
                                                       np.uint16)
    np.testing.assert_array_equal(to_rgb(deep), rgb)


@pytest.mark.parametrize('image', [
    np.zeros((4, 5, 3)), np.zeros((4, 5, 2), np.uint8),
    np.zeros((4, ), np.uint8), np.zeros((1, 4, 5, 3), np.uint8),
    np.zeros((0, 5, 3), np.uint8), np.zeros((4, 5, 3), np.int16)
])
def test_other_arrays(image):
    with pytest.raises(ValueError, match='must be an array of uint8'):
        to_rgb(image)


def test_folders_and_lists(tmp_path, log):
    (tmp_path / 'b/c').mkdir(parents=True)
    for name in ('z.JPG', 'b/c/a.pgm', 'b/notes.txt', 'y.png'):
        (tmp_path / name).touch()
    found = [tmp_path / name for name in ('b/c/a.pgm', 'y.png', 'z.JPG')]
    assert list_inputs(str(tmp_path)) == found
    assert '1 files do not end as images do' in log.text
    assert 'b/notes.txt' in log.text
    array = np.zeros((2, 2), np.uint8)
    assert list_inputs([tmp_path / 'b', array, 'none.png'])[1] is array
    assert len(list_inputs([tmp_path / 'b', array, ['none.png']])) == 3
    (tmp_path / 'empty').mkdir()
    with pytest.raises(ValueError, match='empty has no image'):
        list_inputs(tmp_path / 'empty')
