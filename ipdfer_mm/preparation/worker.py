"""What happens to one chunk of pictures."""

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
from .head_pose import UNKNOWN, FacePicture, HeadPoseEstimator
from .reading import read_picture
from .recipe import Recipe
from .region import Region

# Of pictures that are in memory at the same time, beyond one.
MAX_PIXELS = 2**24


class Picture(NamedTuple):
    """A picture to prepare.

    Attributes:
        path (str): Relative to the data root, with forward slashes.
        box (tuple[float], optional): Face box (x, y, width, height) in
            pixels, in which the face is searched.
        points (tuple, optional): Five points ((x, y), ...) in pixels, where
            the data set has them.
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
    """Where the pictures are and where the faces go.

    Args:
        data_root (Path): Folder of the data set.
        out (Path): Folder of the results; the faces go to ``faces`` in it.
        recipe (Recipe): The settings.
    """

    data_root: Path
    out: Path
    recipe: Recipe

    def aligned_path(self, path: str) -> str:
        """Path of an aligned face as the manifest names it.

        Args:
            path (str): The picture, relative to the data root.

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


class ChunkResult(NamedTuple):
    """Outcome of a chunk.

    Attributes:
        rows (list[list[str]]): Cells of the manifest's rows.
        contents (list[str]): Hash of the pixels of each row's picture.
        splits (list[str | None]): The split of each row's picture.
        unreadable (list[str]): Why pictures could not be read; each names
            the file.
    """

    rows: list[list[str]]
    contents: list[str]
    splits: list[str | None]
    unreadable: list[str]


class ChunkWorker:
    """Prepares chunks of pictures; one for each process.

    Args:
        job (Job): Where and how.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.recipe = job.recipe
        self.search = FaceSearch(job.recipe)
        self.pose: HeadPoseEstimator | None = job.recipe.build_pose()

    def __call__(self, pictures: Sequence[Picture]) -> ChunkResult:
        """Read, detect, align and write a chunk.

        Args:
            pictures (Sequence[Picture]): The pictures.

        Returns:
            ChunkResult: One row for each picture that could be read.

        Raises:
            OSError: If a face cannot be written; names the file.
        """
        images: dict[Picture, np.ndarray] = {}
        rows = []
        contents = []
        splits = []
        unreadable = []
        pixels = 0
        for picture in pictures:
            try:
                image = read_picture(self.job.data_root / picture.path)
            except OSError as error:
                unreadable.append(str(error))
                continue
            images[picture] = image
            contents.append(pixel_hash(image))
            splits.append(picture.split)
            pixels += image.shape[0] * image.shape[1]
            if pixels >= MAX_PIXELS:
                rows += self._prepare(images)
                images, pixels = {}, 0
        if images:
            rows += self._prepare(images)
        return ChunkResult(rows, contents, splits, unreadable)

    def _prepare(self, images: dict[Picture, np.ndarray]) -> list[list[str]]:
        faces = self._find_faces(images)
        return [
            self._finish(picture, image, faces[picture])
            for picture, image in images.items()
        ]

    def _find_faces(
            self,
            images: dict[Picture, np.ndarray]) -> dict[Picture, ChosenFace]:
        faces = {}
        search = []
        for picture in images:
            if picture.points is not None and self.recipe.use_given_points:
                faces[picture] = check_points(
                    np.array(picture.points), math.nan)
            else:
                search.append(picture)
        regions = [_region(images[picture], picture) for picture in search]
        found = self.search([images[picture] for picture in search], regions)
        for picture, region, detections in zip(search, regions, found):
            faces[picture] = choose_face(detections, region.centre)
        return faces

    def _finish(self, picture: Picture, image: np.ndarray,
                face: ChosenFace) -> list[str]:
        """Write the aligned face and give its row of the manifest."""
        if face.can_be_aligned:
            aligned = align_face(image, face.points, self.recipe.size,
                                 self.recipe.border)
        else:
            aligned = _region(image, picture).centre_crop(
                image, self.recipe.fallback_crop, self.recipe.size)
        name = self.job.aligned_path(picture.path)
        path = self.job.data_root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, to_png(aligned), ADVICE)
        angles = UNKNOWN
        if self.pose is not None:
            angles = self.pose(FacePicture(picture.path, image, face.points))
        points = np.full(10, math.nan)
        if face.points is not None:
            points = face.points.ravel()
        flags = face.flags
        if not _has_box_inside(image, picture):
            flags = (*flags, BOX_OUTSIDE)
        numbers = [
            *(_cell(angle, 2) for angle in angles),
            _cell(face.score, 4), *(_cell(value, 2) for value in points)
        ]
        return [picture.path, name, *numbers, ';'.join(flags)]


def _has_box_inside(image: np.ndarray, picture: Picture) -> bool:
    try:
        Region.of(image, picture.box)
    except ValueError:
        return False
    return True


def _region(image: np.ndarray, picture: Picture) -> Region:
    """Where the face is searched: its box, or the whole of the picture."""
    inside = _has_box_inside(image, picture)
    return Region.of(image, picture.box if inside else None)


def _cell(value: float, digits: int) -> str:
    return '' if math.isnan(value) else f'{value:.{digits}f}'
