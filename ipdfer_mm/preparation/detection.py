"""Faces and their five points, by MTCNN."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import torch
from facenet_pytorch import MTCNN

# Images of one size that the network gets at once; fewer of large ones, of
# which 16 would fill the memory of most machines.
BATCH_SIZE = 32
MAX_PIXELS = 2**22
# Longest side of what is enlarged, so that a strip does not take all memory.
MAX_ENLARGED = 8192
# MTCNN's: faces are searched from 20 pixels on, and then in steps of 1.41.
SMALLEST_FACE = 20
PYRAMID_FACTOR = 0.709
# Probabilities that its three networks ask for.
THRESHOLDS = (.6, .7, .7)


class Detections(NamedTuple):
    """Faces in an image, in its pixels.

    Attributes:
        boxes (np.ndarray): Left, top, right and bottom, float64 (K, 4).
        scores (np.ndarray): Probabilities, float64 (K,).
        points (np.ndarray): Left eye, right eye, nose, left and right mouth
            corner as seen in the image, float64 (K, 5, 2).
        flags (list[tuple[str]]): How each was found, of
            :data:`~ipdfer_mm.preparation.face_choice.MEANINGS`; nothing for
            the first attempt.
    """

    boxes: np.ndarray
    scores: np.ndarray
    points: np.ndarray
    flags: list[tuple[str, ...]]

    @classmethod
    def of(cls, boxes: np.ndarray, scores: np.ndarray,
           points: np.ndarray) -> 'Detections':
        """Faces of a first attempt."""
        return cls(
            np.asarray(boxes, dtype=np.float64),
            np.asarray(scores, dtype=np.float64),
            np.asarray(points, dtype=np.float64), [()] * len(scores))

    @classmethod
    def nothing(cls) -> 'Detections':
        """No face."""
        return cls.of(np.zeros((0, 4)), np.zeros(0), np.zeros((0, 5, 2)))

    def select(self, mask: np.ndarray) -> 'Detections':
        """Keep some faces, by a mask, bool (K,)."""
        return Detections(
            self.boxes[mask], self.scores[mask], self.points[mask],
            [flags for flags, keep in zip(self.flags, mask) if keep])

    def join(self, others: 'Detections') -> 'Detections':
        """Add other faces of the same image."""
        return Detections(
            np.concatenate([self.boxes, others.boxes]),
            np.concatenate([self.scores, others.scores]),
            np.concatenate([self.points, others.points]),
            [*self.flags, *others.flags])

    def move(self, shift: Sequence[float]) -> 'Detections':
        """Add (x, y) to all places."""
        return self._replace(
            boxes=self.boxes + np.tile(shift, 2), points=self.points + shift)

    def scale(self, factor: float | np.ndarray) -> 'Detections':
        """Bring the places to a resized image.

        Args:
            factor (float or np.ndarray): Its side as a share of this
                image's, or that of width and height, (2,).

        Returns:
            Detections: The faces; the left edge of the first pixel is at -0.5
            in both images.
        """
        boxes = (self.boxes.reshape(-1, 2, 2) + .5) * factor - .5
        return self._replace(
            boxes=boxes.reshape(-1, 4),
            points=(self.points + .5) * factor - .5)


def enlargement(image: np.ndarray, side: int) -> float:
    """Factor that brings the shorter side to a number of pixels.

    Args:
        image (np.ndarray): (H, W, 3).
        side (int): Pixels.

    Returns:
        float: The factor; less for a strip, whose other side would be
        longer than :data:`MAX_ENLARGED`.
    """
    short, long = sorted(image.shape[:2])
    return min(side / short, MAX_ENLARGED / long)


class FaceDetector:
    """MTCNN of facenet-pytorch, for images of any size.

    It finds faces from 20 pixels on. Images of the same size go through
    the network together.

    Args:
        min_side (int): An image whose shorter side has fewer pixels is
            enlarged to it, as small faces need. Defaults to 0, never.
        min_face (float): Faces smaller than this share of the image's
            shorter side need not be found, which saves time: the sizes of
            MTCNN below it are left out. Defaults to 0, none are.
        device (str): Where the network runs. Defaults to ``'cpu'``.

    Attributes:
        network (MTCNN): The network.
    """

    def __init__(self,
                 min_side: int = 0,
                 min_face: float = 0.0,
                 device: str = 'cpu') -> None:
        self.min_side = min_side
        self.min_face = min_face
        # 42 instead of 32 images of 360x384 a second on one core.
        self.network = MTCNN(
            factor=PYRAMID_FACTOR, keep_all=True, device=device).to(
                memory_format=torch.channels_last)

    def detect(
            self,
            images: Sequence[np.ndarray],
            thresholds: Sequence[float] = THRESHOLDS) -> list[Detections]:
        """Find the faces of images.

        Args:
            images (Sequence[np.ndarray]): RGB, uint8 (H, W, 3) each.
            thresholds (Sequence[float]): Probabilities that the three
                networks of MTCNN ask for, in [0, 1].

        Returns:
            list[Detections]: Of each image.
        """
        self.network.thresholds = list(thresholds)
        enlarged = [self.enlarge(image) for image in images]
        by_shape: dict[tuple, list[int]] = {}
        for index, image in enumerate(enlarged):
            by_shape.setdefault(image.shape, []).append(index)
        found: dict[int, Detections] = {}
        for (height, width, _), indices in by_shape.items():
            size = min(max(MAX_PIXELS // (height * width), 1), BATCH_SIZE)
            for start in range(0, len(indices), size):
                part = indices[start:start + size]
                batch = np.stack([enlarged[index] for index in part])
                found.update(zip(part, self._detect_batch(batch)))
        return [
            found[index].scale(
                np.array(image.shape[1::-1]) / enlarged[index].shape[1::-1])
            for index, image in enumerate(images)
        ]

    def enlarge(self, image: np.ndarray) -> np.ndarray:
        """Enlarge a small image as :meth:`detect` does.

        Args:
            image (np.ndarray): RGB, uint8 (H, W, 3).

        Returns:
            np.ndarray: The image, or a larger one.
        """
        height, width = image.shape[:2]
        scale = enlargement(image, self.min_side)
        if scale <= 1:
            return image
        return cv2.resize(
            image, (round(width * scale), round(height * scale)),
            interpolation=cv2.INTER_LINEAR)

    @torch.no_grad()
    def _detect_batch(self, batch: np.ndarray) -> list[Detections]:
        # The sizes that remain are those of the whole pyramid, so that a face
        # gets the same points with and without `min_face`.
        smallest = self.min_face * min(batch.shape[1:3])
        size: float = SMALLEST_FACE
        while size / PYRAMID_FACTOR <= smallest:
            size /= PYRAMID_FACTOR
        if size > min(batch.shape[1:3]):  # MTCNN fails without any size
            return [Detections.nothing() for _ in batch]
        self.network.min_face_size = size
        # As MTCNN permutes the axes, this gives it contiguous maps: the same
        # numbers a quarter faster.
        batch = torch.from_numpy(batch).to(self.network.device)
        batch = batch.permute(0, 3, 1, 2).float().contiguous()
        # One image without a face is None among the others.
        results = self.network.detect(
            batch.permute(0, 2, 3, 1), landmarks=True)
        return [
            Detections.nothing() if boxes is None else Detections.of(
                boxes, scores, points)
            for boxes, scores, points in zip(*results)
        ]
