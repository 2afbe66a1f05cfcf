"""Small datasets for tests of verification, without repeated images."""

import csv
import zlib
from pathlib import Path

import cv2
import numpy as np

from ipdfer_mm.datasets.rafdb import LABELS
from ipdfer_mm.preparation.verification.official import Official

IMAGES = 'basic/Image/aligned'
LIST = 'basic/EmoLabel/list_patition_label.txt'
# Images of the classes 1 to 7, all different.
COUNTS = {'train': (6, 1, 2, 9, 5, 3, 7), 'test': (3, 1, 2, 6, 5, 4, 7)}
OFFICIAL = {split: Official(sum(counts), dict(zip(LABELS.values(), counts)))
            for split, counts in COUNTS.items()}


def vary_images(root: Path) -> Path:
    """Give each image noise of its own, which depends on its path."""
    for path in root.rglob('*'):
        if path.suffix in ('.jpg', '.png'):
            height, width = cv2.imread(str(path)).shape[:2]
            draw(path, path.relative_to(root).as_posix(), width, height)
    return root


def photo_like(seed: str, width: int, height: int) -> np.ndarray:
    """Noise with the spectrum of photographs, 1/f, and little color."""
    rng = np.random.default_rng(zlib.crc32(seed.encode()))
    y, x = np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)
    scale = 1 / np.maximum(np.hypot(x, y), 1 / max(width, height))
    noise = np.fft.fft2(rng.normal(size=(height, width))) * scale
    gray = np.fft.ifft2(noise).real
    gray = 128 + 45 * (gray - gray.mean()) / gray.std()
    color = rng.uniform(.85, 1.15, 3)
    return (gray[..., None] * color).clip(0, 255).astype(np.uint8)


def draw(path: Path, seed: str, width: int = 48, height: int = 48) -> None:
    """Write such noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), photo_like(seed, width, height))


def make_rafdb(root: Path) -> Path:
    """RAF-DB with the numbers of :data:`COUNTS`."""
    labels = {}
    for split, counts in COUNTS.items():
        number = 0
        for label, count in enumerate(counts, 1):
            for _ in range(count):
                number += 1
                labels[f'{split}_{number:05d}.jpg'] = label
                path = root / image_name(split, number)
                draw(path, path.name, 100, 100)
    (root / LIST).parent.mkdir(parents=True)
    write_list(root, labels)
    return root


def image_name(split: str, number: int) -> str:
    """Path of an aligned image."""
    return f'{IMAGES}/{split}_{number:05d}_aligned.jpg'


def read_list(root: Path) -> dict[str, int]:
    """Names to labels."""
    lines = (root / LIST).read_text().splitlines()
    return {line.split()[0]: int(line.split()[1]) for line in lines}


def write_list(root: Path, labels: dict[str, int]) -> None:
    """Write the list."""
    (root / LIST).write_text(
        ''.join(f'{name} {label}\n' for name, label in labels.items()))


def make_csv(root: Path, rows: list[tuple[str, str, str]]) -> Path:
    """Images ``0.png`` ..., of (expression, subject, split)."""
    root.mkdir(parents=True, exist_ok=True)
    with open(root / 'list.csv', 'w', newline='') as file:
        writer = csv.writer(file)
        writer.writerow(['path', 'expression', 'subject', 'split'])
        for number, row in enumerate(rows):
            draw(root / f'{number}.png', str(number))
            writer.writerow([f'{number}.png', *row])
    return root
