"""Examples of each class of head poses, as Fig. 3 of the paper."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from ipdfer_mm.geometry import centre_crop
from ipdfer_mm.geometry.yaw_bins import POSE_NAMES, UNKNOWN_POSE
from ipdfer_mm.preparation.reading import read_picture

from .picture_grid import picture_grid

# Side of each in pixels; of a picture that is no square the middle is shown.
SIZE = 112


def choose_examples(poses: Sequence[int], number: int,
                    seed: int) -> dict[int, list[int]]:
    """Draw pictures of each pose class.

    Args:
        poses (Sequence[int]): Class of each picture.
        number (int): Pictures of a class; fewer where it has fewer.
        seed (int): Decides which.

    Returns:
        dict[int, list[int]]: Pose class to indices, in order. The class of
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
    """Draw a column of pictures for each pose class.

    Args:
        paths (Sequence[str]): The pictures.
        poses (Sequence[int]): Class of each.
        number (int): Rows.
        seed (int): Decides which pictures are shown.

    Returns:
        np.ndarray: RGB, uint8, with a heading of class, in degrees, and
        number of its pictures above each column.

    Raises:
        OSError: If a picture cannot be read; names it.
    """
    columns = {}
    for pose, indices in choose_examples(poses, number, seed).items():
        cells = np.full((number, SIZE, SIZE, 3), 255, np.uint8)
        for cell, index in zip(cells, indices):
            cell[:] = centre_crop(
                read_picture(Path(paths[index])), None, SIZE)
        count = sum(other == pose for other in poses)
        pictures = torch.from_numpy(cells).permute(0, 3, 1, 2) / 127.5 - 1
        unit = '' if pose == UNKNOWN_POSE else ' deg'
        columns[f'{POSE_NAMES[pose]}{unit}: {count}'] = pictures
    return picture_grid(columns)
