"""The search for faces: a first attempt, a second look and retries."""

from collections.abc import Sequence
from threading import Lock
from typing import NamedTuple

import cv2
import numpy as np

from ipdfer_mm.geometry.alignment import ARCFACE_TEMPLATE, similarity_transform

from .detection import Detections, FaceDetector, enlargement
from .face_choice import SECOND_LOOK
from .recipe import Recipe
from .refinement import PointRefiner
from .region import Region

# A box nearer to the border of what was searched than this share of its side
# meets it; one that takes more of it than the second fills it.
NEAR = 0.03
FULL = 0.85
# What is added around such a box for the second look, and around the image
# in a retry, of the shorter side, and that side then, in pixels.
LOOK_PADDING = 0.35
RETRY_PADDING = 0.5
SEARCH_SIDE = 192
MIN_OVERLAP = 0.3
# Attempts after the first one take weak detections, and the refined face must
# be one: by its probability, by how far its points are from the template (root
# mean square as a share of the distance of the eyes; most faces have 0.1, full
# profiles 0.25), and by its tilt.
WEAK = (.3, .3, .3)
MIN_REFINED = 0.8
MAX_MISFIT = 0.3
MAX_TILT = 60.
# Of the shorter side, as a face that a first attempt misses fills the image.
SMALLEST = 0.25


class Retry(NamedTuple):
    """A further attempt at an image without a face.

    Attributes:
        flag (str): What the manifest says of a face that it found.
        equalize (bool): Whether the contrast is equalized locally, for
            night shots and light from behind.
        angle (float): Degrees by which the image is turned, to the left.
    """

    flag: str
    equalize: bool = False
    angle: float = 0.


RETRIES = (
    Retry('found_equalized', equalize=True),
    Retry('found_tilted_right', angle=-30.),
    Retry('found_tilted_left', angle=30.),
)


class FaceSearch:
    """Finds faces where a recipe says, and does not give up at once.

    The first attempt is MTCNN on the image with the recipe's margin. A face
    whose box meets the border of what was searched, or fills it, gets a
    second look with padding, since MTCNN pulls its points outward. An image
    without a face is tried again, see :data:`RETRIES`; faces that only a
    retry finds are checked by :class:`PointRefiner`.

    Args:
        recipe (Recipe): How faces are searched.
        device (str): Where the networks run. Defaults to ``'cpu'``.
    """

    def __init__(self, recipe: Recipe, device: str = 'cpu') -> None:
        self.recipe = recipe
        self.detector = FaceDetector(recipe.min_side, recipe.min_face, device)
        self.retry_detector = FaceDetector(0, SMALLEST, device)
        self.refine = PointRefiner(self.detector.network.onet, device)
        # A recipe that asks for more gets more.
        self.min_refined = max(MIN_REFINED, recipe.min_score - .1)
        self.equalizer = cv2.createCLAHE(3., (4, 4))
        # Neither it nor MTCNN, whose settings change, is for several threads.
        self._lock = Lock()

    def __call__(
        self, images: Sequence[np.ndarray], regions: Sequence[Region]
    ) -> list[Detections]:
        """Find the faces of images.

        Args:
            images (Sequence[np.ndarray]): RGB, uint8 (H, W, 3) each.
            regions (Sequence[Region]): Where to search in each, margin not
                included.

        Returns:
            list[Detections]: Faces of the recipe's ``min_score``, or that
            passed a retry's check, in pixels of the image.
        """
        with self._lock:
            return self._search(images, regions)

    def _search(self, images: Sequence[np.ndarray],
                regions: Sequence[Region]) -> list[Detections]:
        grown = [region.grow(self.recipe.margin) for region in regions]
        found = self.detector.detect(
            [region.cut(image) for image, region in zip(images, grown)])
        found = [
            self._look_again(image, region,
                             faces.select(faces.scores >= self.recipe.
                                          min_score).move(region.corner))
            for image, region, faces in zip(images, grown, found)
        ]
        for retry in RETRIES[:self.recipe.retries]:
            missed = [i for i, faces in enumerate(found)
                      if not len(faces.scores)]
            if not missed:
                break
            again = self._retry(retry, [images[i] for i in missed],
                                [regions[i] for i in missed])
            for i, faces in zip(missed, again):
                found[i] = faces
        return found

    def _look_again(self, image: np.ndarray, region: Region,
                    faces: Detections) -> Detections:
        """Find the points again of faces that meet the border."""
        low = np.array(region.corner)
        high = low + (region.width - 1, region.height - 1)
        for i, box in enumerate(faces.boxes):
            side = (box[2:] - box[:2]).max()
            near = (box[:2] - low < NEAR * side).any() or (
                high - box[2:] < NEAR * side).any()
            if not near and side < FULL * min(region.width, region.height):
                continue
            points = self._points_with_padding(image, box)
            if points is None:
                points = faces.points[i]
            refined, scores = self.refine(image, points[None])
            if scores[0] >= .5 and misfit(refined[0]) < MAX_MISFIT:
                points = refined[0]
            faces.points[i] = points
            faces.flags[i] = (SECOND_LOOK, )
        return faces

    def _points_with_padding(self, image: np.ndarray,
                             box: np.ndarray) -> np.ndarray | None:
        size = np.maximum(np.round(box[2:] - box[:2]), 1)
        region = Region(*map(int, np.round(box[:2])),
                        *map(int, size)).grow(LOOK_PADDING)
        cut = region.cut(image)
        scale = enlargement(cut, SEARCH_SIDE)
        faces = self.retry_detector.detect([resize(cut, scale)])[0]
        faces = faces.scale(1 / scale).move(region.corner)
        overlaps = [overlap(box, other) for other in faces.boxes]
        if not overlaps or max(overlaps) < MIN_OVERLAP:
            return None
        return faces.points[int(np.argmax(overlaps))]

    def _retry(self, retry: Retry, images: Sequence[np.ndarray],
               regions: Sequence[Region]) -> list[Detections]:
        views, backs = zip(*(self._view(retry, image, region)
                             for image, region in zip(images, regions)))
        found = self.retry_detector.detect(views, WEAK)
        return [
            self._check(retry, image, faces, back)
            for image, faces, back in zip(images, found, backs)
        ]

    def _view(self, retry: Retry, image: np.ndarray,
              region: Region) -> tuple[np.ndarray, np.ndarray]:
        """What a retry searches, and the matrix back to the image."""
        region = region.grow(RETRY_PADDING)
        cut = region.cut(image, 'constant')
        scale = enlargement(cut, SEARCH_SIDE)
        view = resize(cut, scale)
        height, width = view.shape[:2]
        # The left edge of the first pixel is at -0.5 in both.
        shift = (scale - 1) / 2 - scale * np.array(region.corner)
        matrix = np.array([(scale, 0, shift[0]), (0, scale, shift[1]),
                           (0, 0, 1)])
        if retry.angle:
            turn = cv2.getRotationMatrix2D(
                ((width - 1) / 2, (height - 1) / 2), retry.angle, 1)
            view = cv2.warpAffine(view, turn, (width, height))
            matrix = np.vstack([turn, (0, 0, 1)]) @ matrix
        if retry.equalize:
            lab = cv2.cvtColor(view, cv2.COLOR_RGB2LAB)
            lab[..., 0] = self.equalizer.apply(lab[..., 0])
            view = cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)
        return view, np.linalg.inv(matrix)[:2]

    def _check(self, retry: Retry, image: np.ndarray, faces: Detections,
               back: np.ndarray) -> Detections:
        kept: list[tuple] = []
        for i in np.argsort(-faces.scores):
            points = faces.points[i] @ back[:, :2].T + back[:, 2]
            if any(inside(points[2], box) for box, *_ in kept):
                continue
            refined, scores = self.refine(image, points[None])
            points, score = refined[0], float(scores[0])
            if score <= self.min_refined or misfit(points) > MAX_MISFIT or (
                    tilt(points) > MAX_TILT):
                continue
            kept.append((box_around(points), score, points, (retry.flag, )))
        if not kept:
            return Detections.nothing()
        boxes, scores, points, flags = zip(*kept)
        return Detections(np.array(boxes), np.array(scores),
                          np.array(points), list(flags))


def misfit(points: np.ndarray) -> float:
    """How far five points are from the template, brought onto it.

    Args:
        points (np.ndarray): (5, 2).

    Returns:
        float: Root mean square as a share of the distance of the template's
        eyes; infinite where the points look mirrored.
    """
    try:
        matrix = similarity_transform(points, ARCFACE_TEMPLATE)
    except ValueError:
        return float('inf')
    rest = points @ matrix[:, :2].T + matrix[:, 2] - ARCFACE_TEMPLATE
    eyes = ARCFACE_TEMPLATE[1, 0] - ARCFACE_TEMPLATE[0, 0]
    return float(np.sqrt((rest**2).sum(axis=1).mean()) / eyes)


def tilt(points: np.ndarray) -> float:
    """Angle between the line of the eyes and the horizontal, in degrees."""
    across, down = points[1] - points[0]
    return abs(float(np.degrees(np.arctan2(down, across))))


def box_around(points: np.ndarray) -> np.ndarray:
    """Box of a face as MTCNN would place it, from its points.

    Args:
        points (np.ndarray): (5, 2).

    Returns:
        np.ndarray: Left, top, right and bottom, (4,).
    """
    back = cv2.invertAffineTransform(
        similarity_transform(points, ARCFACE_TEMPLATE))
    corners = np.array([(16, 14), (96, 14), (16, 114), (96, 114)])
    corners = corners @ back[:, :2].T + back[:, 2]
    return np.concatenate([corners.min(axis=0), corners.max(axis=0)])


def inside(point: np.ndarray, box: np.ndarray) -> bool:
    """Whether a point (x, y) is in a box."""
    return bool((point >= box[:2]).all() and (point <= box[2:]).all())


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union of two boxes, in [0, 1]."""
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    both = np.prod(np.maximum(high - low, 0))
    areas = np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2])
    return float(both / (areas - both))


def resize(image: np.ndarray, scale: float) -> np.ndarray:
    """Resize an image, by area averaging where it shrinks."""
    size = [max(round(side * scale), 1) for side in image.shape[1::-1]]
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.resize(image, size, interpolation=method)
