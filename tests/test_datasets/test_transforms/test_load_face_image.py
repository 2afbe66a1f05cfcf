import cv2
import numpy as np
import pytest

from ipdfer_mm.datasets import LoadFaceImage


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


@pytest.mark.parametrize('image, expected', [
    (np.arange(48, dtype=np.uint8).reshape(6, 8),
     np.arange(48).reshape(6, 8, 1)),
    (np.full((6, 8, 4), (10, 20, 30, 0), np.uint8), (10, 20, 30)),
    # 40000 of 65535 is 155.6 of 255.
    (np.full((6, 8), 40000, np.uint16), 155.6),
], ids=['gray', 'transparent', '16 bits'])
def test_other_kinds_become_three_channels_of_8_bits(tmp_path, image,
                                                     expected):
    loaded = load(write(tmp_path / 'a.png', image))['img']
    assert loaded.dtype == np.uint8 and loaded.shape == (6, 8, 3)
    assert np.abs(loaded - expected).max() < 1


def test_pgm_is_scaled_by_its_largest_value(shared):
    path = shared / 'data/cmu_faces/faces/an2i/an2i_left_angry_open.pgm'
    magic, width, height, largest, *values = path.read_bytes().split()
    assert magic == b'P2' and int(largest) < 200
    expected = np.array(values, dtype=float) * 255 / int(largest)
    image = load(path)['img']
    expected = expected.reshape(int(height), int(width), 1)
    assert np.abs(image - expected).max() < 1


@pytest.mark.parametrize('content', [
    b'', b'no image', b'P2\n128', b'\x89PNG\r\n\x1a\n', b'\xff\xd8\xff\xe0',
    cv2.imencode('.bmp', np.zeros((64, 64, 3), np.uint8))[1].tobytes()[:40]])
def test_broken_files_are_named(tmp_path, content):
    path = tmp_path / 'broken.png'
    path.write_bytes(content)
    with pytest.raises(OSError, match=f'{path}.*unpack this file again'):
        load(path)


def test_missing_files_are_named(tmp_path):
    with pytest.raises(OSError, match='gone.png.*FileNotFoundError'):
        load(tmp_path / 'gone.png')
    with pytest.raises(OSError, match=f'{tmp_path}.*IsADirectoryError'):
        load(tmp_path)
