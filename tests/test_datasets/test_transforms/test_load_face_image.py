import cv2
import numpy as np
import pytest

from ipdfer_mm.datasets import LoadFaceImage
from ipdfer_mm.registry import TRANSFORMS


def load(path):
    return LoadFaceImage().transform(dict(img_path=str(path)))


def write(path, image):
    assert cv2.imwrite(str(path), image)
    return path


def test_colors_are_bgr(tmp_path):
    image = np.random.default_rng(0).integers(
        0, 256, (7, 9, 3), dtype=np.uint8)
    results = load(write(tmp_path / 'a.png', image))
    assert (results['img'] == image).all()
    assert results['img_shape'] == results['ori_shape'] == (7, 9)


def test_other_kinds_become_three_channels_of_8_bits(tmp_path):
    gray = np.arange(48, dtype=np.uint8).reshape(6, 8)
    loaded = load(write(tmp_path / 'gray.png', gray))['img']
    assert (loaded == gray[..., None]).all() and loaded.shape == (6, 8, 3)
    clear = np.full((6, 8, 4), (10, 20, 30, 0), np.uint8)
    loaded = load(write(tmp_path / 'rgba.png', clear))['img']
    assert (loaded == (10, 20, 30)).all() and loaded.shape == (6, 8, 3)
    deep = np.full((6, 8), 40000, np.uint16)
    loaded = load(write(tmp_path / 'deep.png', deep))['img']
    assert loaded.dtype == np.uint8 and loaded.shape == (6, 8, 3)
    # 40000 of 65535 is 155.6 of 255.
    assert np.abs(loaded - 155.6).max() < 1


def test_pgm_is_scaled_by_its_largest_value(shared):
    path = shared / 'data/cmu_faces/faces/an2i/an2i_left_angry_open.pgm'
    magic, width, height, largest, *values = path.read_bytes().split()
    assert magic == b'P2' and int(largest) < 200
    expected = np.array(values, dtype=float) * 255 / int(largest)
    image = load(path)['img']
    expected = expected.reshape(int(height), int(width), 1)
    assert np.abs(image - expected).max() < 1


@pytest.mark.parametrize('content', [
    b'', b'no image', b'P2\n128', b'\x89PNG\r\n\x1a\n', b'\xff\xd8\xff\xe0'])
def test_broken_files_are_named(tmp_path, content):
    path = tmp_path / 'broken.png'
    path.write_bytes(content)
    with pytest.raises(OSError, match=f'{path}.*unpack this file again'):
        load(path)


def test_half_a_file_is_named(tmp_path):
    path = write(tmp_path / 'half.bmp', np.zeros((64, 64, 3), np.uint8))
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(OSError, match=str(path)):
        load(path)


def test_missing_files_are_named(tmp_path):
    with pytest.raises(OSError, match='gone.png.*FileNotFoundError'):
        load(tmp_path / 'gone.png')
    with pytest.raises(OSError, match=f'{tmp_path}.*IsADirectoryError'):
        load(tmp_path)


def test_is_found_by_name():
    transform = TRANSFORMS.build(dict(type='LoadFaceImage'))
    assert repr(transform) == 'LoadFaceImage()'
