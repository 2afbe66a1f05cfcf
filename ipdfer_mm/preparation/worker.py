"""What happens to one chunk of images."""

import math
import os.path as osp
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ipdfer_mm.geometry.alignment import align_face
from ipdfer_mm.utils.atomic import write_atomically
from ipdfer_mm.utils.files import is_image
from ipdfer_mm.utils.images import to_png

from .chunks import ADVICE
from .duplicates import pixel_hash
from .face_choice import BOX_OUTSIDE, ChosenFace, check_points, choose_face
from .face_search import FaceSearch
from .head_pose import UNKNOWN, FaceImage, HeadPoseEstimator
from .reading import read_image
from .recipe import Recipe
from .region import Region

# Of images that are in memory at the same time, beyond one.
MAX_PIXELS = 2**24


class ImageEntry(NamedTuple):
    """An image to prepare.

    Attributes:
        path (str): Relative to the data root, with forward slashes.
        box (tuple[float], optional): Face box (x, y, width, height) in
            pixels, in which the face is searched.
        points (tuple, optional): Five points ((x, y), ...) in pixels, where
            the dataset has them.
        split (str, optional): The split it is in.
        stamp (tuple[int], optional): See :func:`file_stamp`.
    """

    path: str
    box: tuple[float, ...] | None = None
    points: tuple[tuple[float, float], ...] | None = None
    split: str | None = None
    stamp: tuple[int, int] | None = None


@dataclass(frozen=True)
class Job:
    """Where the images are and where the faces go.

    Args:
        data_root (Path): Folder of the dataset.
        out (Path): Folder of the results; the faces go to ``faces`` in it.
        recipe (Recipe): The settings.
    """

    data_root: Path
    out: Path
    recipe: Recipe

    def aligned_path(self, path: str) -> str:
        """Path of an aligned face as the manifest names it.

        Args:
            path (str): The image, relative to the data root.

        Returns:
            str: Relative to the data root if it is inside, else absolute.
        """
        stem, suffix = osp.splitext(path)
        # a.jpg becomes a.jpg.png, which may be another image's own name.
        if suffix.lower() != '.png' or is_image(stem):
            path += '.png'
        full = self.out / 'faces' / path
        if full.is_relative_to(self.data_root):
            full = full.relative_to(self.data_root)
        return full.as_posix()


class PreparedImage(NamedTuple):
    """Outcome of an image.

    Attributes:
        row (list[str]): Cells of its row of the manifest.
        content (str): Hash of its pixels.
        fault (str): Why it could not be read, which names the file; there
            are neither row nor content then.
    """

    row: list[str]
    content: str
    fault: str = ''


class ChunkWorker:
    """Prepares chunks of images; one for each process.

    Args:
        job (Job): Where and how.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.recipe = job.recipe
        self.search = FaceSearch(job.recipe)
        self.pose: HeadPoseEstimator | None = job.recipe.build_pose()

    def __call__(self, entries: Sequence[ImageEntry]) -> list[PreparedImage]:
        """Read, detect, align and write a chunk.

        Args:
            entries (Sequence[ImageEntry]): The images.

        Returns:
            list[PreparedImage]: Of each image; those that could be read are
            in order.

        Raises:
            OSError: If a face cannot be written; names the file.
        """
        results: list[PreparedImage] = []
        images: dict[ImageEntry, np.ndarray] = {}
        for entry in entries:
            try:
                images[entry] = read_image(self.job.data_root / entry.path)
            except OSError as error:
                results.append(PreparedImage([], '', str(error)))
            if sum(image[..., 0].size
                   for image in images.values()) >= MAX_PIXELS:
                results += self._prepare(images)
                images = {}
        if images:
            results += self._prepare(images)
        return results

    def _prepare(
            self, images: dict[ImageEntry, np.ndarray]) -> list[PreparedImage]:
        faces = self._find_faces(images)
        return [
            PreparedImage(self._finish(entry, image, faces[entry]),
                          pixel_hash(image))
            for entry, image in images.items()
        ]

    def _find_faces(
        self, images: dict[ImageEntry, np.ndarray]
    ) -> dict[ImageEntry, ChosenFace]:
        faces = {}
        search = []
        for entry in images:
            if entry.points is not None and self.recipe.use_given_points:
                faces[entry] = check_points(
                    np.array(entry.points), math.nan)
            else:
                search.append(entry)
        regions = [_region(images[entry], entry)[0] for entry in search]
        found = self.search([images[entry] for entry in search], regions)
        for entry, region, detections in zip(search, regions, found):
            faces[entry] = choose_face(detections, region.center)
        return faces

    def _finish(self, entry: ImageEntry, image: np.ndarray,
                face: ChosenFace) -> list[str]:
        """Write the aligned face and give its row of the manifest."""
        region, flags = _region(image, entry)
        if face.can_be_aligned:
            aligned = align_face(image, face.points, self.recipe.size,
                                 self.recipe.border)
        else:
            aligned = region.center_crop(
                image, self.recipe.fallback_crop, self.recipe.size)
        name = self.job.aligned_path(entry.path)
        path = self.job.data_root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, to_png(aligned), ADVICE)
        angles = UNKNOWN
        if self.pose is not None:
            angles = self.pose(FaceImage(entry.path, image, face.points))
        points = np.full(10, math.nan)
        if face.points is not None:
            points = face.points.ravel()
        numbers = [
            *(_cell(angle, 2) for angle in angles),
            _cell(face.score, 4), *(_cell(value, 2) for value in points)
        ]
        return [entry.path, name, *numbers, ';'.join((*face.flags, *flags))]


def _region(image: np.ndarray,
            entry: ImageEntry) -> tuple[Region, tuple[str, ...]]:
    """Where the face is searched, its box or all of the image, and flags."""
    try:
        return Region.of(image, entry.box), ()
    except ValueError:
        return Region.of(image, None), (BOX_OUTSIDE, )


def _cell(value: float, digits: int) -> str:
    return '' if math.isnan(value) else f'{value:.{digits}f}'
