"""Regions of the built-in head that its shapes move."""

import numpy as np

from .layout import MOUTH_Y


class Region:
    """Measures over vertices from which shapes are put together.

    Args:
        vertices (np.ndarray): Vertices at rest, (V, 3).
        lip (np.ndarray): 1 for what moves with the upper and -1 for what moves
            with the lower lip, (V,).
        lid (np.ndarray): 1 on upper and -1 on lower eyelids, less around
            them, (V,).
        skin (np.ndarray): Whether a vertex is on the skin, (V,).
        jaw (np.ndarray): Share of the jaw's movement inside the mouth, (V,).
    """

    def __init__(self, vertices: np.ndarray, lip: np.ndarray,
                 lid: np.ndarray, skin: np.ndarray,
                 jaw: np.ndarray) -> None:
        self.vertices = vertices
        self.lip, self.lid, self.skin, self.inner_jaw = lip, lid, skin, jaw
        self.across = np.abs(vertices[:, 0])
        self.side = np.sign(vertices[:, 0])
        self.front = skin * np.clip((vertices[:, 2] - 2) / 3, 0, 1)

    def near(self, x: float, y: float, width: float,
             height: float) -> np.ndarray:
        """Bell around a spot of the face and its mirror image.

        Args:
            x (float): Distance of the spot from the middle.
            y (float): Its height.
            width (float): Reach to both sides.
            height (float): Reach up and down.

        Returns:
            np.ndarray: 1 at the spot, falling to 0, (V,).
        """
        return self.front * np.exp(-((self.across - x) / width)**2 -
                                   ((self.vertices[:, 1] - y) / height)**2)

    def move(self, weight: np.ndarray, out: float = 0.0, up: float = 0.0,
             forward: float = 0.0) -> np.ndarray:
        """Move both sides alike.

        Args:
            weight (np.ndarray): Share of the movement, (V,).
            out (float): Centimeters away from the middle.
            up (float): Centimeters up.
            forward (float): Centimeters out of the face.

        Returns:
            np.ndarray: Deltas, (V, 3).
        """
        # Nothing may leave the middle line, or it would tear.
        out = out * self.side * np.minimum(self.across / .8, 1)
        return weight[:, None] * np.stack([
            out, np.full(len(weight), up), np.full(len(weight), forward)
        ], axis=1)

    def lips(self, side: int) -> np.ndarray:
        """Upper (1) or lower (-1) lip with the skin next to it, (V,)."""
        fall = np.abs(self.vertices[:, 1] - MOUTH_Y)
        near = np.exp(-(np.maximum(fall - .6, 0) / 1.0)**2)
        corner = np.clip(1 - (self.across / 2.7)**2, 0, 1)
        return self.front * near * corner * (self.lip == side)

    def jaw(self) -> np.ndarray:
        """Share of the jaw's turn, from the lower lip to the ears, (V,)."""
        x, y, z = self.across, self.vertices[:, 1], self.vertices[:, 2]
        line = MOUTH_Y + 1.1 * np.clip(x - 2.4, 0, 4)
        low = np.clip((line + .3 - y) / 2.2, 0, 1)
        low = low * low * (3 - 2 * low)
        center = np.clip(x / 2.45, 0, 1)
        mouth = np.abs(y - MOUTH_Y) < 1.4
        lower = np.where(mouth, np.maximum(low, 1 - .5 * center**2), low)
        corner = .5 * center**6 * np.exp(-((y - MOUTH_Y) / .5)**2)
        inside = x < 2.6
        weight = np.where((self.lip < 0) & inside, lower,
                          np.where(inside, corner, low))
        beside = np.exp(-((x - 2.4) / .8)**2 - ((y - MOUTH_Y) / .7)**2)
        weight = np.where(x > 2.4, np.maximum(weight, .5 * beside), weight)
        return np.where(self.skin > 0, weight * np.clip((z + 2) / 5, 0, 1),
                        self.inner_jaw)
