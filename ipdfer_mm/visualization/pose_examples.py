"""Examples of each class of head poses, as Fig. 3 of the paper."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from ipdfer_mm.geometry import center_crop
from ipdfer_mm.geometry.yaw_bins import POSE_NAMES, UNKNOWN_POSE
from ipdfer_mm.preparation.reading import read_image

from .image_grids import image_grid

# Side of each in pixels; of an image that is no square the middle is shown.
SIZE = 112


def choose_examples(poses: Sequence[int], number: int,
                    seed: int) -> dict[int, list[int]]:
    """Draw images of each yaw bin.

    Args:
        poses (Sequence[int]): Class of each image.
        number (int): Images of a class; fewer where it has fewer.
        seed (int): Decides which.

    Returns:
        dict[int, list[int]]: Yaw bin to indices, in order. The class of
        unknown poses is left out where it is empty, the others never.
    """
    chosen = {}
    for pose in POSE_NAMES:
        members = np.flatnonzero(np.asarray(poses) == pose)
        # Of their own for each class, so that none depends on the others.
        rng = np.random.default_rng([seed, pose - UNKNOWN_POSE])
        drawn = rng.permutation(members)[:number]
        if len(members) or pose != UNKNOWN_POSE:
            chosen[pose] = sorted(drawn.tolist())
    return chosen


def draw_examples(paths: Sequence[str], poses: Sequence[int], number: int,
                  seed: int) -> np.ndarray:
    """Draw a column of images for each yaw bin.

    Args:
        paths (Sequence[str]): The images.
        poses (Sequence[int]): Class of each.
        number (int): Rows.
        seed (int): Decides which images are shown.

    Returns:
        np.ndarray: RGB, uint8, with a heading of class, in degrees, and
        number of its images above each column.

    Raises:
        OSError: If an image cannot be read; names it.
    """
    columns = {}
    for pose, indices in choose_examples(poses, number, seed).items():
        cells = np.full((number, SIZE, SIZE, 3), 255, np.uint8)
        for cell, index in zip(cells, indices):
            cell[:] = center_crop(
                read_image(Path(paths[index])), None, SIZE)
        count = sum(other == pose for other in poses)
        images = torch.from_numpy(cells).permute(0, 3, 1, 2) / 127.5 - 1
        unit = '' if pose == UNKNOWN_POSE else ' deg'
        columns[f'{POSE_NAMES[pose]}{unit}: {count}'] = images
    return image_grid(columns)
