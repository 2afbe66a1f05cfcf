"""Images that are the same, byte for byte or to the eye."""

import hashlib
from collections import defaultdict

import cv2
import numpy as np
from tqdm import tqdm

# The hash has SIDE x SIDE bits but the first.
SIDE = 16
# Bits in which near duplicates differ at most. Of photographs and rendered
# faces that were saved again as JPEG of quality 70 or at half the size, 95 %
# differ by 6 bits or fewer.
MAX_DISTANCE = 6


def perceptual_hash(image: np.ndarray) -> np.ndarray:
    """Hash of what an image looks like.

    Signs of the 255 lowest coefficients, but the mean, of the cosine
    transform of the image in gray, against their median: brightness,
    contrast, compression and size change few of them.

    Args:
        image (np.ndarray): RGB, uint8 (H, W, 3).

    Returns:
        np.ndarray: Bits, bool (255,).
    """
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(
        gray, (4 * SIDE, 4 * SIDE), interpolation=cv2.INTER_AREA)
    low = cv2.dct(small.astype(np.float32))[:SIDE, :SIDE].ravel()[1:]
    return low > np.median(low)


def pixel_hash(image: np.ndarray) -> str:
    """Hash of an image's pixels, whatever the format of its file."""
    digest = hashlib.sha256(str(image.shape).encode())
    digest.update(np.ascontiguousarray(image))
    return digest.hexdigest()


def near_duplicates(bits: np.ndarray) -> list[tuple[int, int, int]]:
    """Pairs of images whose hashes differ in few bits.

    Hashes that differ in d bits are equal in at least one of d + 1 parts, so
    that only images with such a part in common are compared.

    Args:
        bits (np.ndarray): Hashes, bool (N, 255).

    Returns:
        list[tuple[int, int, int]]: Two indices, the smaller first, and the
        number of different bits, sorted.
    """
    pairs: dict[tuple[int, int], int] = {}
    parts = np.array_split(np.arange(bits.shape[1]), MAX_DISTANCE + 1)
    for part in tqdm(parts, desc='Comparing', unit='part', disable=None):
        buckets = defaultdict(list)
        for index, key in enumerate(np.packbits(bits[:, part], axis=1)):
            buckets[key.tobytes()].append(index)
        for members in buckets.values():
            for i, first in enumerate(members[:-1]):
                others = np.array(members[i + 1:])
                distances = (bits[first] != bits[others]).sum(axis=1)
                near = distances <= MAX_DISTANCE
                pairs.update(
                    ((first, int(other)), int(distance)) for other, distance
                    in zip(others[near], distances[near]))
    return sorted((*pair, distance) for pair, distance in pairs.items())
