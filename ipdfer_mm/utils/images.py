"""Color channels, PNG and PNM files."""

import re
from typing import TypeVar

import cv2
import numpy as np
from torch import Tensor

Pixels = TypeVar('Pixels', np.ndarray, Tensor)
# Kind, width, height and largest value; comments between them.
PNM_HEADER = re.compile(rb'P([2356])' + rb'(?:\s|#[^\n]*\n)+(\d+)' * 3)
TEXT, COLORED = (2, 3), (3, 6)
USUAL_MAXIMA = (255, 65535)


def swap_channels(image: Pixels, axis: int = -1) -> Pixels:
    """Turn RGB into BGR, or BGR into RGB.

    Args:
        image (np.ndarray or Tensor): Images.
        axis (int): Which of its axes has the three channels.

    Returns:
        np.ndarray or Tensor: A copy, contiguous in memory.
    """
    if isinstance(image, Tensor):
        return image.flip(axis)
    if image.ndim == 3 and image.shape[2] == 3 and (
            axis == -1 and image.dtype == np.uint8):
        return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)  # 8 times as fast
    return np.ascontiguousarray(np.flip(image, axis))


def decode_pnm(content: bytes) -> np.ndarray | None:
    """Decode what OpenCV leaves dark: a PNM file with a maximum of its own.

    Args:
        content (bytes): An image file.

    Returns:
        np.ndarray | None: BGR, uint8 (H, W, 3); None for any other file.

    Raises:
        ValueError: If it is cut off.
    """
    header = PNM_HEADER.match(content)
    if header is None or int(header[4]) in USUAL_MAXIMA:
        return None
    kind, width, height, maximum = map(int, header.groups())
    channels = 3 if kind in COLORED else 1
    count = width * height * channels
    rest = content[header.end():]
    if kind in TEXT:
        pixels = np.array(rest.split()[:count], dtype=np.uint32)
    else:  # after one blank
        pixels = np.frombuffer(
            rest, '>u2' if maximum > 255 else 'u1', count, offset=1)
    pixels = (pixels * (255 / maximum)).round().clip(0, 255).astype(np.uint8)
    pixels = pixels.reshape(height, width, channels)
    code = cv2.COLOR_GRAY2BGR if channels == 1 else cv2.COLOR_RGB2BGR
    return cv2.cvtColor(pixels, code)


def to_png(image: np.ndarray) -> bytes:
    """Encode an image.

    Args:
        image (np.ndarray): Gray (H, W) or RGB (H, W, 3), uint8.

    Returns:
        bytes: A PNG file.
    """
    if image.ndim == 3:
        image = swap_channels(image)
    return cv2.imencode('.png', image)[1].tobytes()
