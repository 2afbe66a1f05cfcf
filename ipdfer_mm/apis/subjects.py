"""Which faces of a video show the same subject."""

from collections import Counter

import numpy as np
import torch
from mmengine.registry import MODELS, DefaultScope

from ipdfer_mm.geometry import align_face
from ipdfer_mm.utils.images import swap_channels

SIZE = 112
NETWORK_WIDTH = 512
NETWORK = dict(
    type='IdentityEncoder',
    backbone=dict(type='mmpretrain.ResNet', depth=18),
    neck=dict(
        type='mmpretrain.LinearNeck',
        in_channels=NETWORK_WIDTH,
        out_channels=NETWORK_WIDTH,
        gap_dim=2,
        norm_cfg=None),
    init_cfg=dict(type='Pretrained', checkpoint='ipdfer_mm://face_resnet18'))
# Cosine of mean features from which on two tracks show the same subject: of
# pairs of different subjects of `lfw_people`, 0.2 % have it.
THRESHOLD = 0.48
# Features of a track, one from each frame, after which it is decided, and
# which its subject keeps.
DECIDE = 5
KEEP = 30
# Frames after which it is decided without, as of one who stays in profile.
WAIT = 30


class SubjectJoiner:
    """Joins tracks that show the same subject, by `face_resnet18`.

    Features are kept in memory alone and are gone with this object.

    Args:
        device (str): Where the network runs.
    """

    def __init__(self, device: str = 'cpu') -> None:
        with DefaultScope.overwrite_default_scope('ipdfer_mm'):
            self.network = MODELS.build(NETWORK)
        self.network.init_weights()
        self.network.to(device).eval()
        self.device = device
        self.threshold = THRESHOLD
        # Sums of unit features: of tracks, with their number, and of subjects.
        self._tracks: dict[int, tuple[np.ndarray, int]] = {}
        self._frames: Counter[int] = Counter()  # of a track, all
        self._subjects: list[np.ndarray] = []
        self._numbers: dict[int, int] = {}

    @property
    def num_subjects(self) -> int:
        """Number of subjects so far."""
        return len(self._subjects)

    def see(self, image: np.ndarray,
            tracks: dict[int, np.ndarray | None]) -> None:
        """Look at the faces of a frame.

        Args:
            image (np.ndarray): BGR, uint8 (H, W, 3).
            tracks (dict[int, np.ndarray | None]): Five points, (5, 2), by
                track; None where the face cannot be aligned.
        """
        self._frames.update(tracks.keys())
        looked = {track: points for track, points in tracks.items()
                  if points is not None and self._count(track) < KEEP}
        if not looked:
            return
        crops = [align_face(image, points, SIZE) for points in looked.values()]
        for track, feature in zip(looked, self._features(crops)):
            total, count = self._tracks.get(track, (0, 0))
            self._tracks[track] = total + feature, count + 1
            if track in self._numbers:
                self._subjects[self._numbers[track] - 1] += feature

    def decide(self, track: int, together: set[int],
               now: bool = False) -> int | None:
        """Number of the subject of a track.

        Args:
            track (int): The track.
            together (set[int]): Tracks in the same frame, which show others.
            now (bool): Whether no further frame will come.

        Returns:
            int or None: From 1; None while too few frames were seen.
        """
        if track in self._numbers:
            return self._numbers[track]
        if (self._count(track) < DECIDE and self._frames[track] < WAIT
                and not now):
            return None
        taken = {self._numbers[other] for other in together
                 if other in self._numbers}
        total, _ = self._tracks.get(track, (None, 0))
        cosines = [
            -1. if total is None or number in taken else _cosine(total, known)
            for number, known in enumerate(self._subjects, 1)
        ]
        if cosines and max(cosines) >= self.threshold:
            number = int(np.argmax(cosines)) + 1
        else:
            self._subjects.append(np.zeros(NETWORK_WIDTH))
            number = len(self._subjects)
        self._numbers[track] = number
        if total is not None:
            self._subjects[number - 1] += total
        return number

    def _count(self, track: int) -> int:
        return self._tracks.get(track, (None, 0))[1]

    @torch.no_grad()
    def _features(self, crops: list[np.ndarray]) -> np.ndarray:
        rgb = swap_channels(np.stack(crops))
        images = torch.from_numpy(rgb).to(self.device).permute(0, 3, 1, 2)
        features = self.network(images / 127.5 - 1).cpu().double().numpy()
        return features / np.linalg.norm(features, axis=1, keepdims=True)


def _cosine(one: np.ndarray, other: np.ndarray) -> float:
    norms = np.linalg.norm(one) * np.linalg.norm(other)
    return float(one @ other / norms) if norms else -1.
