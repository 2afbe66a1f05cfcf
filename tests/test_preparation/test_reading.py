import cv2
import numpy as np
import pytest
from PIL import Image

from ipdfer_mm.datasets.transforms import LoadFaceImage
from ipdfer_mm.preparation import reading
from ipdfer_mm.preparation.reading import read_image


@pytest.fixture
def saved(tmp_path):
    rng = np.random.default_rng(0)
    image = cv2.resize(rng.integers(0, 256, (8, 8, 3), np.uint8), (96, 64))
    path = tmp_path / 'a.jpg'
    cv2.imwrite(str(path), image)
    return path


def test_pixels_are_those_of_opencv(saved):
    np.testing.assert_array_equal(
        read_image(saved)[..., ::-1], cv2.imread(str(saved)))


def test_cut_off_jpeg_is_refused(saved):
    content = saved.read_bytes()
    saved.write_bytes(content[:len(content) * 2 // 3])
    assert cv2.imread(str(saved)) is not None  # OpenCV takes it
    with pytest.raises(OSError, match='a.jpg: .*truncated'):
        read_image(saved)


@pytest.mark.parametrize('content, reason', [
    (b'', 'it is no image$'),
    (b'no image', 'it is no image$'),
    (b'\x89PNG\r\n\x1a\n' + b'\0' * 30, ''),
    (b'P5\n3 3\n255\n12', ''),
    (b'P2\n3 3\n255\n1 2 3 4\n', ''),
])
def test_damage_is_named(tmp_path, content, reason):
    path = tmp_path / 'damaged.png'
    path.write_bytes(content)
    with pytest.raises(OSError, match=f'damaged.png: {reason}'):
        read_image(path)


def test_enormous_image_is_refused(saved, monkeypatch):
    monkeypatch.setattr(reading, 'MAX_PIXELS', 96 * 64 - 1)
    with pytest.raises(OSError, match=r'a\.jpg: .*6144 pixels'):
        read_image(saved)


def test_the_limit_is_ours(saved, monkeypatch):
    monkeypatch.setattr('PIL.Image.MAX_IMAGE_PIXELS', 1)
    assert read_image(saved).shape == (64, 96, 3)
    assert Image.MAX_IMAGE_PIXELS == 1  # as before


@pytest.mark.parametrize('suffix', ['.jpg', '.png', '.webp', '.bmp'])
def test_cut_off_images_of_all_kinds(tmp_path, suffix):
    path = tmp_path / f'a{suffix}'
    noise = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    cv2.imwrite(str(path), noise)
    assert read_image(path).shape == noise.shape
    content = path.read_bytes()
    for share in (.5, .9, .98):
        path.write_bytes(content[:int(share * len(content))])
        with pytest.raises(OSError, match=f'a{suffix}'):
            read_image(path)


@pytest.mark.parametrize('content, name', [
    (b'\0\0\0\x18ftypheic' + bytes(40), 'HEIC'),
    (b'\0\0\0\x18ftypmif1' + bytes(40), 'HEIC'),
    (b'%PDF-1.7 and so on', 'PDF'),
    (b'<svg xmlns="http://www.w3.org/2000/svg"/>', 'SVG'),
])
def test_other_formats_are_named(tmp_path, content, name):
    path = tmp_path / 'a.jpg'
    path.write_bytes(content)
    with pytest.raises(OSError, match=f'a.jpg: it is a {name} file; convert'):
        read_image(path)


@pytest.mark.parametrize('kind', ['GIF', 'AVIF'])
def test_formats_that_some_builds_read(tmp_path, kind):
    """Whether OpenCV reads them depends on its version."""
    path = tmp_path / 'a.bin'
    try:
        Image.new('RGB', (20, 10), (200, 100, 50)).save(path, kind)
    except (KeyError, OSError):
        pytest.skip(f'this Pillow writes no {kind}')
    try:
        assert read_image(path).shape == (10, 20, 3)
    except OSError as error:
        assert f'it is a {kind} file; convert' in str(error)


def test_dark_pnm(tmp_path):
    """With a maximum of its own; as training reads it."""
    path = tmp_path / 'a.pgm'
    path.write_bytes(b'P5 3 2 100\n' + bytes([50] * 6))
    assert np.abs(read_image(path).astype(int) - 128).max() <= 1
    loaded = LoadFaceImage().transform(dict(img_path=str(path)))
    np.testing.assert_array_equal(loaded['img'], read_image(path))
    path.write_bytes(b'P5 3 2 100\n' + bytes([50] * 4))
    with pytest.raises(OSError, match='a.pgm'):
        read_image(path)
