"""What users hand in as images."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np

from ipdfer_mm.utils.files import list_images
from ipdfer_mm.utils.images import swap_channels

ImageInput: TypeAlias = str | Path | np.ndarray


def list_inputs(
    inputs: ImageInput | Sequence[ImageInput]
) -> list[Path | np.ndarray]:
    """Write folders out as their images.

    Args:
        inputs (str, Path, np.ndarray or a list of them): Files, folders and
            images.

    Returns:
        list[Path or np.ndarray]: Files and images.

    Raises:
        TypeError: If something else is among them.
        ValueError: If a folder has no image.
    """
    if isinstance(inputs, np.ndarray):
        return [inputs]
    if isinstance(inputs, (str, Path)):
        path = Path(inputs).expanduser()
        return list_images(path) if path.is_dir() else [path]
    if isinstance(inputs, (list, tuple)):
        return [entry for part in inputs for entry in list_inputs(part)]
    raise TypeError('Images are given as paths, numpy arrays, or a list of '
                    f'them, not as {type(inputs).__name__}.')


def to_rgb(image: np.ndarray) -> np.ndarray:
    """Bring an image in memory to what detector and aligner work on.

    Args:
        image (np.ndarray): Gray (H, W) or (H, W, 1), BGR (H, W, 3) or BGRA
            (H, W, 4), as OpenCV reads files; uint8, or uint16, of which the
            upper 8 bits count.

    Returns:
        np.ndarray: RGB, uint8 (H, W, 3).

    Raises:
        ValueError: If the shape or the type is another.
    """
    shape = image.shape
    if image.dtype not in (np.uint8, np.uint16) or 0 in shape or not (
            len(shape) == 2 or len(shape) == 3 and shape[2] in (1, 3, 4)):
        raise ValueError(
            'An image must be an array of uint8 (or uint16), gray (H, W) or '
            f'BGR (H, W, 3), not {image.dtype} of shape {shape}.')
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    if image.ndim == 2:
        image = image[..., None]
    if image.shape[2] == 1:
        image = image.repeat(3, axis=2)
    return swap_channels(image[..., :3])
