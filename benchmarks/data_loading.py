"""How fast images are read, decoded and augmented."""

import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from mmengine.dataset import default_collate
from torch.utils.data import DataLoader

from ipdfer_mm.datasets import FolderFER

from .networks import EXPRESSIONS

FILE_SIZE = 100  # side of RAF-DB's aligned faces, in pixels
NUM_FILES = 512


def write_images(folder: Path) -> None:
    """Write JPEG images as large as RAF-DB's, in class folders.

    Args:
        folder (Path): Where to.
    """
    rng = np.random.default_rng(0)
    for index in range(NUM_FILES):
        place = folder / 'train' / EXPRESSIONS[index % len(EXPRESSIONS)]
        place.mkdir(parents=True, exist_ok=True)
        # As many details as a face has: noise of an eighth of the size.
        coarse = rng.integers(0, 256, (FILE_SIZE // 8, FILE_SIZE // 8, 3))
        image = cv2.resize(
            coarse.astype(np.uint8), (FILE_SIZE, FILE_SIZE),
            interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(place / f'{index:04d}.jpg'), image)


def loading_speed(size: int, batch_size: int, workers: int,
                  rounds: int) -> list[float]:
    """Time a data loader that is not waited for.

    Args:
        size (int): Side of the images in pixels.
        batch_size (int): Images of a batch.
        workers (int): Processes that load.
        rounds (int): How many times all are loaded.

    Returns:
        list[float]: Images a second, for each round.
    """
    speeds = []
    with tempfile.TemporaryDirectory() as folder:
        write_images(Path(folder))
        dataset = FolderFER(
            folder,
            'train',
            pipeline=[
                dict(type='LoadFaceImage'),
                dict(type='Resize', scale=(size, size)),
                dict(type='mmpretrain.RandomFlip', prob=0.5,
                     direction='horizontal'),
                dict(type='PackFaceInputs')
            ])
        loader = DataLoader(
            dataset, batch_size, shuffle=True, num_workers=workers,
            collate_fn=default_collate, persistent_workers=workers > 0)
        for _ in range(rounds + 1):  # the first starts the workers
            start = time.perf_counter()
            count = sum(len(batch['inputs']) for batch in loader)
            speeds.append(count / (time.perf_counter() - start))
    return speeds[1:]
