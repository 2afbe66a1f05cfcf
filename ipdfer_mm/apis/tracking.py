"""Which face of a video is the same as in the frame before."""

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
        patience (int): Frames for which a face may be missed.
    """

    def __init__(self, patience: int = 15) -> None:
        self.patience = patience
        self.num_tracks = 0
        self._frame = 0
        self._seen: dict[int, tuple[int, np.ndarray]] = {}

    def update(self, boxes: Sequence[np.ndarray]) -> list[int]:
        """Number the faces of the next frame.

        Args:
            boxes (Sequence[np.ndarray]): Left, top, right and bottom of each,
                (4,), in pixels.

        Returns:
            list[int]: Their numbers, from 1.
        """
        self._frame += 1
        self._seen = {
            track: (frame, box) for track, (frame, box) in self._seen.items()
            if self._frame - frame <= self.patience + 1
        }
        numbers = self._match(boxes)
        for index, box in enumerate(boxes):
            if index not in numbers:
                self.num_tracks += 1
                numbers[index] = self.num_tracks
            self._seen[numbers[index]] = self._frame, box
        return [numbers[index] for index in range(len(boxes))]

    @property
    def followed(self) -> dict[int, tuple[int, np.ndarray]]:
        """Last frame and box by number, of faces that may be seen again."""
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
