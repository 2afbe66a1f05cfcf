"""Points of a face from a crop in which it stands upright."""

import contextlib
from collections.abc import Sequence

import cv2
import numpy as np
import torch
from facenet_pytorch.models.mtcnn import ONet

from ipdfer_mm.geometry.alignment import ARCFACE_TEMPLATE, similarity_transform

# Where MTCNN's last network looks for a face, in the pixels of the template:
# center and side of the square of a detected face, made smaller by 0.88, where
# its points on rendered faces were nearest to the true ones.
CENTER = np.array([56., 64.1])
SIDE = 88.8
# Its input, in pixels.
INPUT = 48
ROUNDS = 2
MIRRORED = [1, 0, 2, 4, 3]


class PointRefiner:
    """O-Net of MTCNN on the face as five rough points align it.

    MTCNN cuts a box at the border of the image and stretches what is left to
    a square, which pulls the points outward, and it sees tilted heads tilted.
    Here the crop has the right proportions, is upright, black beyond the
    image (as in MTCNN's training), and seen together with its mirror image.

    Args:
        network (ONet): The network, in eval mode.
        device (str): Where it runs. Defaults to ``'cpu'``.
    """

    def __init__(self, network: ONet, device: str = 'cpu') -> None:
        self.network = network
        self.device = device

    def __call__(self, image: np.ndarray,
                 points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Find the points of faces again.

        Args:
            image (np.ndarray): RGB, uint8 (H, W, 3).
            points (np.ndarray): Rough points in its pixels, (K, 5, 2).

        Returns:
            tuple[np.ndarray, np.ndarray]: The points, float64 (K, 5, 2), and
            the probabilities that these are faces, (K, ); 0, and the rough
            points, where these make no face (mirrored, on a line).
        """
        points = np.array(points, dtype=np.float64)
        scores = np.zeros(len(points))
        for _ in range(ROUNDS):
            matrices = {}
            for i, face in enumerate(points):
                scores[i] = 0
                with contextlib.suppress(ValueError):  # they make no face
                    matrices[i] = _to_input(face)
            if not matrices:
                break
            found, scores[list(matrices)] = self._forward(
                [warp(image, matrix, INPUT) for matrix in matrices.values()])
            for (i, matrix), face in zip(matrices.items(), found):
                back = cv2.invertAffineTransform(matrix)
                points[i] = face @ back[:, :2].T + back[:, 2]
        return points, scores

    @torch.no_grad()
    def _forward(
            self,
            crops: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        both = np.stack([*crops, *(crop[:, ::-1] for crop in crops)])
        both = torch.from_numpy((both.astype(np.float32) - 127.5) / 128)
        _, points, scores = self.network(
            both.permute(0, 3, 1, 2).to(self.device))
        # Shares of the side, counted from the middle of the first pixel.
        points = INPUT * points.cpu().double().numpy()
        points = points.reshape(2, -1, 2, 5).transpose(0, 1, 3, 2)
        plain, mirrored = points
        mirrored = mirrored[:, MIRRORED] * (-1, 1) + (INPUT - 1, 0)
        scores = scores[:, 1].cpu().double().numpy().reshape(2, -1)
        return (plain + mirrored) / 2, scores.mean(axis=0)


def _to_input(points: np.ndarray) -> np.ndarray:
    """Matrix (2, 3) from the image to the network's input."""
    scale = INPUT / SIDE
    matrix = scale * similarity_transform(points, ARCFACE_TEMPLATE)
    matrix[:, 2] += (INPUT - 1) / 2 - scale * CENTER
    return matrix


def warp(image: np.ndarray, matrix: np.ndarray, size: int) -> np.ndarray:
    """Warp a part of an image to a small square, black beyond the image.

    Linear, after area averaging by a whole factor where the part shrinks to
    less than half.

    Args:
        image (np.ndarray): (H, W, 3).
        matrix (np.ndarray): From its pixels to those of the square, (2, 3); a
            similarity.
        size (int): Side of the square in pixels.

    Returns:
        np.ndarray: (size, size, 3).
    """
    factor = int(1 / np.hypot(*matrix[0, :2]))
    if factor > 1:
        corners = np.array([(0, 0), (size, 0), (0, size), (size, size)])
        back = cv2.invertAffineTransform(matrix)
        corners = corners @ back[:, :2].T + back[:, 2]
        low = np.floor(corners.min(axis=0)).astype(int).clip(0) // factor
        high = np.ceil(corners.max(axis=0)).astype(int).clip(0) // factor + 1
        part = image[low[1] * factor:high[1] * factor,
                     low[0] * factor:high[0] * factor]
        if 0 in part.shape:
            return np.zeros((size, size, 3), image.dtype)
        shape = np.ceil(np.array(part.shape[1::-1]) / factor).astype(int)
        scale = np.array(part.shape[1::-1]) / shape
        image = cv2.resize(part, shape, interpolation=cv2.INTER_AREA)
        shift = low * factor + (scale - 1) / 2
        matrix = np.column_stack(
            [matrix[:, :2] * scale, matrix[:, :2] @ shift + matrix[:, 2]])
    return cv2.warpAffine(image, matrix, (size, size), flags=cv2.INTER_LINEAR)
