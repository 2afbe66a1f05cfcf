"""Images to check, calibrate and test deployed classifiers with."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.registry import DATASETS
from torch import Tensor
from tqdm import tqdm

from ipdfer_mm.geometry import center_crop
from ipdfer_mm.preparation.reading import read_image
from ipdfer_mm.utils.dataset_configs import without_augmentation
from ipdfer_mm.utils.files import list_images
from ipdfer_mm.utils.images import swap_channels


def folder_faces(folder: Path, size: int, count: int) -> np.ndarray:
    """Read images of aligned faces from a folder and those in it.

    Args:
        folder (Path): The folder.
        size (int): Side to resize them to, in pixels; of one that is not
            square, the middle.
        count (int): How many at most, evenly spread over the sorted paths.

    Returns:
        np.ndarray: RGB, uint8 (N, size, size, 3).

    Raises:
        OSError: If one of them cannot be read.
        ValueError: If there are none.
    """
    files = list_images(folder)
    chosen = [files[i] for i in spread(len(files), count)]
    return np.stack([center_crop(read_image(file), None, size)
                     for file in tqdm(chosen, desc='Images', disable=None)])


def dataset_faces(cfg: Config, split: str, count: int) -> np.ndarray:
    """Take images from a dataset of a config, without augmentation.

    Args:
        cfg (Config): The config.
        split (str): 'train' or 'test'.
        count (int): How many at most, evenly spread over the dataset.

    Returns:
        np.ndarray: RGB, uint8 (N, S, S, 3).
    """
    dataset: BaseDataset = DATASETS.build(without_augmentation(cfg, split))
    chosen = spread(len(dataset), count)
    return np.concatenate([
        as_images(dataset[i]['inputs'][None])
        for i in tqdm(chosen, desc=f'Images to {split}', disable=None)
    ])


def as_images(inputs: Tensor) -> np.ndarray:
    """Turn what a pipeline packs into images.

    Args:
        inputs (Tensor): uint8 (N, 3, H, W), BGR as OpenCV reads them.

    Returns:
        np.ndarray: RGB, uint8 (N, H, W, 3).
    """
    return swap_channels(inputs.permute(0, 2, 3, 1).numpy())


def batches(images: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """Cut images into batches.

    Args:
        images (np.ndarray): (N, H, W, 3).
        size (int): Of a batch; the last may be smaller.

    Yields:
        np.ndarray: (size, H, W, 3).
    """
    for start in range(0, len(images), size):
        yield images[start:start + size]


def spread(total: int, count: int) -> np.ndarray:
    """Indices that are evenly spread.

    Args:
        total (int): Of how many.
        count (int): How many at most.

    Returns:
        np.ndarray: Rising, int.
    """
    return np.linspace(0, total - 1, min(total, count)).round().astype(int)
