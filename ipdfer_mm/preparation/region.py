"""Parts of images that may reach over the border."""

from typing import NamedTuple

import cv2
import numpy as np

from ipdfer_mm.geometry.alignment import BORDERS, center_crop


class Region(NamedTuple):
    """A rectangle of an image, in whole pixels.

    Attributes:
        left (int): First column; may be negative.
        top (int): First row; may be negative.
        width (int): Number of columns.
        height (int): Number of rows.
    """

    left: int
    top: int
    width: int
    height: int

    @classmethod
    def of(cls, image: np.ndarray,
           box: tuple[float, ...] | None) -> 'Region':
        """A face box (x, y, width, height), or the whole of an image.

        Args:
            image (np.ndarray): Image of shape (H, W) or (H, W, C).
            box (tuple[float], optional): The box in pixels, or None.

        Returns:
            Region: The region.

        Raises:
            ValueError: If the box has no area or does not touch the image.
        """
        height, width = image.shape[:2]
        if box is None:
            return cls(0, 0, width, height)
        left, top, wide, high = (round(value) for value in box)
        if min(wide, high) < 1 or left >= width or top >= height or (
                left + wide <= 0 or top + high <= 0):
            raise ValueError(f'The face box {tuple(box)} (x, y, width, '
                             f'height) is not in an image of {width}x'
                             f'{height}.')
        return cls(left, top, wide, high)

    @property
    def center(self) -> tuple[float, float]:
        """Middle (x, y) in pixels."""
        return (self.left + (self.width - 1) / 2,
                self.top + (self.height - 1) / 2)

    @property
    def corner(self) -> tuple[int, int]:
        """First column and row."""
        return self.left, self.top

    def grow(self, share: float) -> 'Region':
        """Add a share of the shorter side on all four sides."""
        margin = round(share * min(self.width, self.height))
        return Region(self.left - margin, self.top - margin,
                      self.width + 2 * margin, self.height + 2 * margin)

    def cut(self, image: np.ndarray, border: str = 'replicate') -> np.ndarray:
        """Cut the region out.

        Args:
            image (np.ndarray): Image of shape (H, W) or (H, W, C).
            border (str): What lies beyond the image: ``'replicate'``, its
                last pixels, or ``'constant'``, black.

        Returns:
            np.ndarray: A copy of shape (height, width) or (height, width, C).
        """
        height, width = image.shape[:2]
        right, bottom = self.left + self.width, self.top + self.height
        inside = image[max(self.top, 0):max(bottom, 0),
                       max(self.left, 0):max(right, 0)]
        return cv2.copyMakeBorder(
            inside, max(-self.top, 0), max(bottom - height, 0),
            max(-self.left, 0), max(right - width, 0), BORDERS[border])

    def center_crop(self, image: np.ndarray, share: float,
                    size: int) -> np.ndarray:
        """The square in the middle, for a face that was not found.

        Args:
            image (np.ndarray): Image of shape (H, W) or (H, W, C).
            share (float): Side of the square as a share of the region's
                shorter side, in (0, 1].
            size (int): Side in pixels it is resized to.

        Returns:
            np.ndarray: Square of shape (size, size) or (size, size, C).
        """
        side = max(1, round(share * min(self.width, self.height)))
        return center_crop(self.cut(image), side, size)
