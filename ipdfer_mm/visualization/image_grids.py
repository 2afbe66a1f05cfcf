"""Grids of faces with headings."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch.nn.functional as F
from torch import Tensor

HEADING_HEIGHT = 14  # pixels
GAP = 2  # pixels


def to_uint8(images: Tensor) -> np.ndarray:
    """Turn normalized images into ordinary ones.

    Args:
        images (Tensor): (N, 3, H, W), RGB in [-1, 1]; values outside are
            clipped.

    Returns:
        np.ndarray: (N, H, W, 3), RGB, uint8.
    """
    pixels = (images.detach().float().cpu().clamp(-1, 1) + 1) * 127.5
    return pixels.round().byte().permute(0, 2, 3, 1).numpy()


def image_grid(columns: dict[str, Tensor], title: str = '') -> np.ndarray:
    """Lay images side by side, one row a sample, headings above.

    Args:
        columns (dict[str, Tensor]): Images by heading, each
            (N, 3, H, W), RGB in [-1, 1].
        title (str): A line above the headings. Defaults to '', no such line.

    Returns:
        np.ndarray: The grid, RGB, uint8.
    """
    strips = []
    for heading, images in columns.items():
        pixels = to_uint8(images)  # NxHxWx3
        width = pixels.shape[2]
        head = _text_line(heading, width)
        gap = np.full((GAP, width, 3), 255, np.uint8)
        rows = [part for image in pixels for part in (image, gap)]
        strips.append(np.concatenate([head, *rows]))
        strips.append(np.full((len(strips[0]), GAP, 3), 255, np.uint8))
    grid = np.concatenate(strips[:-1], axis=1)
    if title:
        grid = np.concatenate([_text_line(title, grid.shape[1]), grid])
    return grid


def synthesis_grid(faces: dict[str, Tensor], paired_neutrals: Tensor | None,
                   rows: Sequence[int],
                   enlarge: int = 1,
                   title: str = '') -> np.ndarray:
    """Lay input, identity only, neutral and reconstruction side by side.

    Args:
        faces (dict[str, Tensor]): ``input``, ``identity``, ``neutral`` and
            ``reconstruction``, each (N, 3, H, W), RGB in [-1, 1].
        paired_neutrals (Tensor, optional): The paired neutral faces, likewise.
        rows (Sequence[int]): Which of the N to show.
        enlarge (int): How many pixels wide each pixel becomes, so that there
            is room for the headings above small images.
        title (str): A line above the headings. Defaults to '', no such line.

    Returns:
        np.ndarray: The grid, RGB, uint8.
    """
    columns = {name: faces[name] for name in (
        'input', 'identity', 'neutral', 'reconstruction')}
    if paired_neutrals is not None:
        columns['paired neutral'] = paired_neutrals
    return image_grid({
        name: F.interpolate(images[list(rows)], scale_factor=enlarge)
        for name, images in columns.items()
    }, title)


def _text_line(text: str, width: int) -> np.ndarray:
    """Text on white, made smaller where it would not fit."""
    line = np.full((HEADING_HEIGHT, width, 3), 255, np.uint8)
    scale = min(0.35, width / (9 * len(text)) * 0.45)
    cv2.putText(line, text, (2, HEADING_HEIGHT - 4),
                cv2.FONT_HERSHEY_SIMPLEX, scale, (0, 0, 0), 1, cv2.LINE_AA)
    return line
