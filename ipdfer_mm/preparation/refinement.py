"""Points of a face from a crop in which it stands upright."""

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
                 points: np.ndarray) -> tuple[np.ndarray, float]:
        """Find the points again.

        Args:
            image (np.ndarray): RGB, uint8 (H, W, 3).
            points (np.ndarray): Rough points in its pixels, (5, 2).

        Returns:
            tuple[np.ndarray, float]: The points, float64 (5, 2), and the
            probability that this is a face; 0, and the rough points, where
            these make no face (mirrored, on a line).
        """
        score = 0.
        for _ in range(ROUNDS):
            try:
                matrix = similarity_transform(points, ARCFACE_TEMPLATE)
            except ValueError:
                return points, 0.
            scale = INPUT / SIDE
            matrix = scale * matrix
            matrix[:, 2] += (INPUT - 1) / 2 - scale * CENTER
            found, score = self._forward(warp(image, matrix, INPUT))
            back = cv2.invertAffineTransform(matrix)
            points = found @ back[:, :2].T + back[:, 2]
        return points, score

    @torch.no_grad()
    def _forward(self, crop: np.ndarray) -> tuple[np.ndarray, float]:
        both = np.stack([crop, crop[:, ::-1]]).astype(np.float32)
        both = torch.from_numpy((both - 127.5) / 128).permute(0, 3, 1, 2)
        _, points, scores = self.network(both.to(self.device))
        # Shares of the side, counted from the middle of the first pixel.
        points = INPUT * points.cpu().double().numpy().reshape(2, 2, 5)
        plain, mirrored = points.transpose(0, 2, 1)
        mirrored = mirrored[MIRRORED] * (-1, 1) + (INPUT - 1, 0)
        return (plain + mirrored) / 2, float(scores[:, 1].mean())


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
