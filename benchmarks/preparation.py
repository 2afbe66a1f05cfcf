"""Compare tools/prepare_dataset.py with a plain loop over the images.

The loop gives each image, with the same margin and enlarged as much, to
facenet-pytorch's `MTCNN.detect`, one at a time and with torch's default
threads; it neither aligns nor writes. Prints faces per second of both, and
how far apart their points are.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import joblib
import numpy as np
from facenet_pytorch import MTCNN
from tqdm import tqdm

from ipdfer_mm.datasets.manifest import read_manifest
from ipdfer_mm.preparation.datasets import PREPARABLE, list_images, recipe_of
from ipdfer_mm.preparation.detection import FaceDetector
from ipdfer_mm.preparation.prepare import prepare
from ipdfer_mm.preparation.reading import read_image
from ipdfer_mm.preparation.recipe import Recipe
from ipdfer_mm.preparation.region import Region
from ipdfer_mm.preparation.worker import ImageEntry, Job
from ipdfer_mm.utils import register_all_modules
from ipdfer_mm.utils.messages import escape_unprintable


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('dataset', choices=sorted(PREPARABLE))
    parser.add_argument('data_root', type=Path)
    parser.add_argument(
        '--num-images', type=int, help='the first ones (default: all)')
    parser.add_argument(
        '--workers', type=int, default=joblib.cpu_count())
    return parser.parse_args(argv)


def plain_loop(data_root: Path, images: Sequence[ImageEntry],
               recipe: Recipe) -> dict[str, np.ndarray]:
    """Points of the faces by path, (K, 5, 2) in pixels of the image."""
    detector = FaceDetector(recipe.min_side)  # enlarges, no more
    network = MTCNN(keep_all=True)  # faces from 20 pixels on
    points = {}
    for entry in tqdm(images, desc='Plain loop'):
        image = read_image(data_root / entry.path)
        region = Region.of(image, entry.box).grow(recipe.margin)
        crop = region.cut(image)
        enlarged = detector.enlarge(crop)
        _, _, found = network.detect(enlarged, landmarks=True)
        if found is not None:
            scale = np.array(crop.shape[1::-1]) / enlarged.shape[1::-1]
            found = (np.asarray(found, dtype=float) + .5) * scale - .5
            points[entry.path] = found + (region.left, region.top)
    return points


def main(argv: Sequence[str] | None = None) -> None:
    """Measure both and print."""
    args = parse_args(argv)
    register_all_modules()
    data_root = args.data_root.resolve()
    recipe = recipe_of(args.dataset, {},
                       dict(use_given_points=False, pose='none', retries=0))
    images = list_images(args.dataset, data_root, {})
    images = images[:args.num_images]
    start = time.perf_counter()
    plain = plain_loop(data_root, images, recipe)
    middle = time.perf_counter()
    with tempfile.TemporaryDirectory() as out:
        job = Job(data_root, Path(out), recipe)
        prepare(job, images, args.dataset, args.workers)
        end = time.perf_counter()
        rows = read_manifest(str(Path(out) / 'manifest.csv'))
    # The nearest of the plain loop's faces: the choice is not compared.
    errors = [
        np.abs(plain[path] - row.points).max(axis=(1, 2)).min()
        for path, row in rows.items()
        if row.points is not None and path in plain
    ]
    slow, fast = (len(images) / seconds
                  for seconds in (middle - start, end - middle))
    print(f'plain loop {slow:.1f} images/s, prepare_dataset with '
          f'{args.workers} processes {fast:.1f} images/s: '
          f'{fast / slow:.2f} times as fast')
    print(f'{len(errors)} faces in both; coordinates differ by at most '
          f'{max(errors, default=0):.3f} pixels')


if __name__ == '__main__':
    escape_unprintable()
    main()
