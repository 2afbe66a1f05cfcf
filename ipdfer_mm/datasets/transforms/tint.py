"""Color for gray photographs."""

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from ipdfer_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomTint(BaseTransform):
    """Change the tone curve of each color channel at random.

    Black and white stay; between them a channel's values v in [0, 1] become
    v to the power of exp(a) with a drawn from a normal distribution of its
    own, so that gray images become colored ones, as a photograph in the
    light of a lamp or of the evening, and colors shift.

    Required keys: img. Modified keys: img.

    Args:
        std (float): Standard deviation of a. Defaults to 0.25.
        prob (float): Probability that an image is changed. Defaults to 0.5.
    """

    def __init__(self, std: float = 0.25, prob: float = 0.5) -> None:
        self.std = std
        self.prob = prob

    @cache_randomness
    def _draw(self) -> np.ndarray | None:
        if np.random.rand() >= self.prob:
            return None
        return np.exp(np.random.normal(0, self.std, 3))

    def transform(self, results: dict) -> dict:
        """Tint the image of one sample.

        Args:
            results (dict): Has ``img`` (np.ndarray of shape (H, W, 3) and
                type uint8).

        Returns:
            dict: The same, with another ``img`` of the same shape.
        """
        exponents = self._draw()
        if exponents is not None:
            levels = np.linspace(0, 1, 256)[:, None]**exponents
            table = np.round(255 * levels).astype(np.uint8)
            results['img'] = cv2.LUT(results['img'], table[None])
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(std={self.std}, prob={self.prob})'
