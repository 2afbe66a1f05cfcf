"""What users hand in as pictures."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np

from ipdfer_mm.utils.files import list_images
from ipdfer_mm.utils.images import swap_channels

PictureInput: TypeAlias = str | Path | np.ndarray


def list_inputs(
    inputs: PictureInput | Sequence[PictureInput]
) -> list[Path | np.ndarray]:
    """Write folders out as their pictures.

    Args:
        inputs (str, Path, np.ndarray or a list of them): Files, folders and
            pictures.

    Returns:
        list[Path or np.ndarray]: Files and pictures.

    Raises:
        TypeError: If something else is among them.
        ValueError: If a folder has no picture.
    """
    if isinstance(inputs, np.ndarray):
        return [inputs]
    if isinstance(inputs, (str, Path)):
        path = Path(inputs).expanduser()
        return list_images(path) if path.is_dir() else [path]
    if isinstance(inputs, (list, tuple)):
        return [entry for part in inputs for entry in list_inputs(part)]
    raise TypeError('Pictures are given as paths, numpy arrays, or a list of '
                    f'them, not as {type(inputs).__name__}.')


def to_rgb(picture: np.ndarray) -> np.ndarray:
    """Bring a picture in memory to what detector and aligner work on.

    Args:
        picture (np.ndarray): Grey (H, W) or (H, W, 1), BGR (H, W, 3) or BGRA
            (H, W, 4), as OpenCV reads files; uint8, or uint16, of which the
            upper 8 bits count.

    Returns:
        np.ndarray: RGB, uint8 (H, W, 3).

    Raises:
        ValueError: If the shape or the type is another.
    """
    shape = picture.shape
    if picture.dtype not in (np.uint8, np.uint16) or 0 in shape or not (
            len(shape) == 2 or len(shape) == 3 and shape[2] in (1, 3, 4)):
        raise ValueError(
            'A picture must be an array of uint8 (or uint16), grey (H, W) or '
            f'BGR (H, W, 3), not {picture.dtype} of shape {shape}.')
    if picture.dtype == np.uint16:
        picture = (picture >> 8).astype(np.uint8)
    if picture.ndim == 2:
        picture = picture[..., None]
    if picture.shape[2] == 1:
        picture = picture.repeat(3, axis=2)
    return swap_channels(picture[..., :3])
