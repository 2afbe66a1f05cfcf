"""Faces and their five points, by MTCNN."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import torch
from facenet_pytorch import MTCNN

# Pictures of one size that the network gets at once; fewer of large ones, of
# which 16 would fill the memory of most machines.
BATCH_SIZE = 16
MAX_PIXELS = 2**22
# MTCNN's: faces are searched from 20 pixels on, and then in steps of 1.41.
SMALLEST_FACE = 20
PYRAMID_FACTOR = 0.709


class Detections(NamedTuple):
    """Faces in a picture, in its pixels.

    Attributes:
        boxes (np.ndarray): Left, top, right and bottom, float64 (K, 4).
        scores (np.ndarray): Probabilities, float64 (K,).
        points (np.ndarray): Left eye, right eye, nose, left and right mouth
            corner as seen in the picture, float64 (K, 5, 2).
    """

    boxes: np.ndarray
    scores: np.ndarray
    points: np.ndarray


NOTHING = Detections(np.zeros((0, 4)), np.zeros(0), np.zeros((0, 5, 2)))


class FaceDetector:
    """MTCNN of facenet-pytorch, for pictures of any size.

    It finds faces from 20 pixels on. Pictures of the same size go through
    the network together.

    Args:
        min_side (int): A picture whose shorter side has fewer pixels is
            enlarged to it, as small faces need. Defaults to 0, never.
        min_face (float): Faces smaller than this share of the picture's
            shorter side need not be found, which saves time: the sizes of
            MTCNN below it are left out. Defaults to 0, none are.
        device (str): Where the network runs. Defaults to ``'cpu'``.
    """

    def __init__(self,
                 min_side: int = 0,
                 min_face: float = 0.0,
                 device: str = 'cpu') -> None:
        self.min_side = min_side
        self.min_face = min_face
        # 42 instead of 32 pictures of 360x384 a second on one core.
        self.network = MTCNN(
            factor=PYRAMID_FACTOR, keep_all=True, device=device).to(
                memory_format=torch.channels_last)

    def detect(self, images: Sequence[np.ndarray]) -> list[Detections]:
        """Find the faces of pictures.

        Args:
            images (Sequence[np.ndarray]): RGB, uint8 (H, W, 3) each.

        Returns:
            list[Detections]: Of each picture.
        """
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
            self._to_original(found[index], image, enlarged[index])
            for index, image in enumerate(images)
        ]

    def enlarge(self, image: np.ndarray) -> np.ndarray:
        """Enlarge a small picture as :meth:`detect` does.

        Args:
            image (np.ndarray): RGB, uint8 (H, W, 3).

        Returns:
            np.ndarray: The picture, or a larger one.
        """
        height, width = image.shape[:2]
        scale = self.min_side / min(height, width)
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
        size = SMALLEST_FACE
        while size / PYRAMID_FACTOR <= smallest:
            size /= PYRAMID_FACTOR
        if size > min(batch.shape[1:3]):  # MTCNN fails without any size
            return [NOTHING] * len(batch)
        self.network.min_face_size = size
        # One picture without a face is None among the others.
        results = self.network.detect(batch, landmarks=True)
        return [
            NOTHING if boxes is None else Detections(
                np.asarray(boxes, dtype=np.float64),
                np.asarray(scores, dtype=np.float64),
                np.asarray(points, dtype=np.float64))
            for boxes, scores, points in zip(*results)
        ]

    @staticmethod
    def _to_original(found: Detections, image: np.ndarray,
                     enlarged: np.ndarray) -> Detections:
        # The left edge of the first pixel is at -0.5 in both pictures.
        scale = np.array(image.shape[1::-1]) / enlarged.shape[1::-1]
        boxes = (found.boxes.reshape(-1, 2, 2) + .5) * scale - .5
        points = (found.points + .5) * scale - .5
        return Detections(boxes.reshape(-1, 4), found.scores, points)
