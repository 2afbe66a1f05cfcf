"""Faces of any image, aligned as those of the training data."""

from typing import NamedTuple

import numpy as np
import torch

from ipdfer_mm.geometry import align_face, center_crop
from ipdfer_mm.preparation.detection import Detections
from ipdfer_mm.preparation.face_choice import ChosenFace, check_points
from ipdfer_mm.preparation.face_search import FaceSearch, resize
from ipdfer_mm.preparation.head_pose import UNKNOWN, Angles, FaceImage
from ipdfer_mm.preparation.recipe import Recipe
from ipdfer_mm.preparation.region import Region

# Smaller faces are not searched, as a share of the shorter side of the image,
# and a larger image is searched at a size at which such a face has so many
# pixels.
MIN_FACE = 1 / 30
FACE_PIXELS = 32
# The face of an image that is an aligned face: no points, no score.
WHOLE_IMAGE = ChosenFace(None, float('nan'), ())


class FoundFace(NamedTuple):
    """A face that is not recognized yet.

    Attributes:
        box (np.ndarray): Left, top, right and bottom in pixels, (4,).
        face (ChosenFace): Its points, score and flags.
    """

    box: np.ndarray
    face: ChosenFace


def whole_image(image: np.ndarray) -> FoundFace:
    """Take an image for an aligned face.

    Args:
        image (np.ndarray): RGB, uint8 (H, W, 3).

    Returns:
        FoundFace: Without points.
    """
    height, width = image.shape[:2]
    return FoundFace(np.array([0., 0, width, height]), WHOLE_IMAGE)


class FaceFinder:
    """All faces of an image, where a preparation takes one.

    Args:
        recipe (Recipe): How faces are searched and cut out.
        device (torch.device): Where the detector runs.
    """

    def __init__(self, recipe: Recipe, device: torch.device) -> None:
        self.recipe = recipe
        self.pose = recipe.build_pose()
        self.search = FaceSearch(recipe, device)

    def find(self, images: list[np.ndarray]) -> list[list[FoundFace]]:
        """Find the faces of images.

        Args:
            images (list[np.ndarray]): RGB, uint8 (H, W, 3) each.

        Returns:
            list[list[FoundFace]]: Of each image, from left to right.
        """
        return [from_left_to_right(faces) for faces in self.detect(images)]

    def detect(self, images: list[np.ndarray]) -> list[Detections]:
        """Find the faces of images, in no order.

        Args:
            images (list[np.ndarray]): RGB, uint8 (H, W, 3) each.

        Returns:
            list[Detections]: Of each image.
        """
        searched = [self._shrink(image) for image in images]
        found = self.search(searched,
                            [Region.of(image, None) for image in searched])
        return [faces.scale(np.array(image.shape[1::-1]) / small.shape[1::-1])
                for faces, image, small in zip(found, images, searched)]

    def _shrink(self, image: np.ndarray) -> np.ndarray:
        smallest = self.recipe.min_face * min(image.shape[:2])
        if smallest <= FACE_PIXELS:
            return image
        return resize(image, FACE_PIXELS / smallest)

    def crop(self, image: np.ndarray, found: FoundFace) -> np.ndarray:
        """Align a face; cut its box out where the points look mirrored.

        Args:
            image (np.ndarray): RGB, uint8 (H, W, 3).
            found (FoundFace): A face of it.

        Returns:
            np.ndarray: RGB, uint8, of the recipe's size.
        """
        size = self.recipe.size
        if found.face is WHOLE_IMAGE:
            # As AlignFace does, in training.
            return center_crop(image, None, size)
        if found.face.can_be_aligned:
            return align_face(image, found.face.points, size,
                              self.recipe.border)
        left, top, right, bottom = found.box
        region = Region.of(image, (left, top, right - left, bottom - top))
        return region.center_crop(image, self.recipe.fallback_crop, size)

    def angles(self, image: np.ndarray, found: FoundFace) -> Angles:
        """Estimate the head pose.

        Args:
            image (np.ndarray): RGB, uint8 (H, W, 3).
            found (FoundFace): A face of it.

        Returns:
            Angles: In degrees; unknown without points or estimator.
        """
        if self.pose is None or found.face.points is None:
            return UNKNOWN
        return self.pose(FaceImage('', image, found.face.points))


def from_left_to_right(found: Detections) -> list[FoundFace]:
    """Faces in the order in which they are numbered.

    Args:
        found (Detections): The faces of an image.

    Returns:
        list[FoundFace]: From left to right.
    """
    order = np.argsort(found.boxes[:, 0], kind='stable')
    return [FoundFace(found.boxes[i], check_points(
        found.points[i], found.scores[i], found.flags[i])) for i in order]
