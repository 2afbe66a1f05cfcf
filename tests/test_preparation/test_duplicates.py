import itertools

import cv2
import numpy as np
import pytest
from helpers.verified_datasets import photo_like

from ipdfer_mm.preparation.duplicates import (
    MAX_DISTANCE,
    near_duplicates,
    perceptual_hash,
)


def test_hash_is_that_of_the_formula():
    """The cosine transform from its definition; 64x64, so nothing scales."""
    image = photo_like('0', 64, 64)
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(float)
    n = np.arange(64)
    basis = np.cos(np.pi * (2 * n + 1) * n[:, None] / 128) * np.sqrt(2 / 64)
    basis[0] /= np.sqrt(2)
    low = (basis @ gray @ basis.T)[:16, :16].ravel()[1:]
    bits = perceptual_hash(image)
    assert bits.shape == (255, ) and bits.dtype == bool
    # The median itself is on neither side for certain.
    clear = np.abs(low - np.median(low)) > 1e-2
    assert clear.sum() > 240
    np.testing.assert_array_equal(bits[clear], (low > np.median(low))[clear])


@pytest.mark.parametrize('change', [
    lambda image: cv2.imdecode(cv2.imencode(
        '.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, 70])[1], 1),
    lambda image: cv2.resize(image, (60, 60), interpolation=cv2.INTER_AREA),
    lambda image: (image * 0.6 + 20).astype(np.uint8),
], ids=['jpeg', 'half', 'darker'])
def test_changes_that_leave_the_look(change):
    image = photo_like('1', 120, 120)
    distance = (perceptual_hash(image) != perceptual_hash(change(image))).sum()
    assert distance <= MAX_DISTANCE


def test_other_images_are_far():
    hashes = [perceptual_hash(photo_like(str(seed), 120, 120))
              for seed in range(12)]
    for first, second in itertools.combinations(hashes, 2):
        assert (first != second).sum() > 60


def test_real_faces(shared):
    """Copies are found, other subjects are not taken for the same."""
    subjects = ('an2i', 'at33', 'kawamura', 'saavik')
    folder = shared / 'data/cmu_faces/faces'
    faces = [cv2.imread(str(folder / f'{subject}/{subject}_straight_{word}'
                            '_open.pgm'))
             for subject in subjects for word in ('neutral', 'happy')]
    copies = [cv2.resize(face, None, fx=.5, fy=.5,
                         interpolation=cv2.INTER_AREA) for face in faces]
    bits = np.stack([perceptual_hash(image) for image in (*faces, *copies)])
    pairs = {(i, j) for i, j, _ in near_duplicates(bits)}
    assert {(i, i + 8) for i in range(8)} <= pairs
    assert all(i % 8 // 2 == j % 8 // 2 for i, j in pairs)


def test_near_duplicates_are_those_of_all_pairs():
    """Planted at all distances around the limit, against brute force."""
    rng = np.random.default_rng(2)
    bits = rng.random((60, 255)) < .5
    copies = bits.copy()
    for number, row in enumerate(copies):
        flipped = rng.choice(255, number % 10, replace=False)
        row[flipped] ^= True
    both = np.concatenate([bits, copies, copies[:7]])
    expected = [(i, j, int(d)) for i in range(len(both))
                for j in range(i + 1, len(both))
                if (d := (both[i] != both[j]).sum()) <= MAX_DISTANCE]
    assert near_duplicates(both[:0]) == near_duplicates(both[:1]) == []
    found = near_duplicates(both)
    assert found == expected and len(found) >= 6 * (MAX_DISTANCE + 1)
