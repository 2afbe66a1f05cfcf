"""Which face of a video is the same as in the frame before."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torchvision.ops import box_iou

MIN_IOU = 0.3  # of a match, intersection over union


class FaceTracker:
    """Numbers faces, so that a face keeps its number while it is seen.

    Boxes of a frame are matched with the last ones of the known faces, so
    that the sum of the overlaps is largest (Hungarian algorithm). It knows
    places, not subjects: one that comes back later gets a new number.

    Args:
        patience (float): Seconds for which a face may be missed; one of the
            frame before is known in any case.
    """

    def __init__(self, patience: float = 0.5) -> None:
        self.patience = patience
        self.num_tracks = 0
        self._before = -math.inf
        self._seen: dict[int, tuple[float, np.ndarray]] = {}

    def update(self, seconds: float,
               boxes: Sequence[np.ndarray]) -> list[int]:
        """Number the faces of the next frame.

        Args:
            seconds (float): Time of the frame.
            boxes (Sequence[np.ndarray]): Left, top, right and bottom of each,
                (4,), in pixels.

        Returns:
            list[int]: Their numbers, from 1.
        """
        oldest = min(seconds - self.patience, self._before)
        self._seen = {track: (seen, box)
                      for track, (seen, box) in self._seen.items()
                      if seen >= oldest}
        self._before = seconds
        numbers = self._match(boxes)
        for index, box in enumerate(boxes):
            if index not in numbers:
                self.num_tracks += 1
                numbers[index] = self.num_tracks
            self._seen[numbers[index]] = seconds, box
        return [numbers[index] for index in range(len(boxes))]

    @property
    def followed(self) -> dict[int, tuple[float, np.ndarray]]:
        """Last time and box by number, of faces that may be seen again."""
        return self._seen

    def _match(self, boxes: Sequence[np.ndarray]) -> dict[int, int]:
        """Number of each box that is known."""
        if not self._seen or not len(boxes):
            return {}
        tracks = list(self._seen)
        known = np.stack([box for _, box in self._seen.values()])
        overlaps = box_iou(
            torch.as_tensor(np.stack(boxes)), torch.as_tensor(known)).numpy()
        pairs = zip(*linear_sum_assignment(overlaps, maximize=True))
        return {int(row): tracks[column] for row, column in pairs
                if overlaps[row, column] >= MIN_IOU}
