"""Color channels and PNG files."""

from typing import TypeVar

import cv2
import numpy as np
from torch import Tensor

Image = TypeVar('Image', np.ndarray, Tensor)


def swap_channels(image: Image, axis: int = -1) -> Image:
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
