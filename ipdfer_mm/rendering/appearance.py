"""Colors of the vertices of a face model."""

from collections.abc import Callable, Mapping

import numpy as np

from .face_model import FaceModel
from .masks import fold_masks, soft, to_line, to_polygon
from .subject import Subject

TEETH = np.array([.93, .90, .83])
MOUTH = np.array([.20, .07, .07])
GUMS = np.array([.62, .28, .28])
EYEBALL = np.array([.96, .95, .94])
# Edges of pupil and iris, in degrees about the axis of the eyeball.
PUPIL_EDGE, IRIS_EDGE = 12.0, 27.5
# Height of the hairline over z: from the nape past the ears to the forehead.
HAIRLINE_Z = (-8.0, -2.0, 0.0, 2.5, 3.5, 5.0, 7.0, 9.0)
HAIRLINE_Y = (-5.0, -4.0, 5.3, 5.3, 4.5, 6.0, 8.6, 9.4)
NECKLINE_Y = -14.5


class Appearance:
    """Paints subjects onto a face model.

    Where lips, brows and folds are is derived once from the mean face, its 68
    points and its groups, so that one painter serves every model.

    Args:
        model (FaceModel): The model to paint.
    """

    def __init__(self, model: FaceModel) -> None:
        self.mean = model.mean
        self.points = model.mean[model.landmarks68]
        self.groups = model.groups
        face = self._group('face')
        self.skin = face | self._group('head_neck')
        # Some parts face the camera and lie in front of the ears.
        front = face & (self.mean[:, 2] > 5)
        self.lips = self._paint(front, to_polygon, self.points[48:60], 0.25)
        self.brow_distance = np.full(len(self.mean), 9.0, dtype=np.float32)
        for brow in (self.points[17:22], self.points[22:27]):
            self.brow_distance[front] = np.minimum(
                self.brow_distance[front],
                to_line(self.mean[front, :2], brow[:, :2] - (0, .15)))
        self.lashes = np.zeros(len(self.mean), dtype=np.float32)
        for eye in (self.points[36:42], self.points[42:48]):
            rim = np.concatenate([eye, eye[:1]])
            self.lashes = np.maximum(self.lashes, self._paint(
                front, to_line, rim, 0.12, 0.2))
        self.lip_insides = self._lip_insides(face)
        self.nostrils = self._nostrils(front)
        self.height_over_hairline = self.mean[:, 1] - np.interp(
            self.mean[:, 2], HAIRLINE_Z, HAIRLINE_Y)
        self.folds = fold_masks(self.mean, self.points, front)

    def hair(self, subject: Subject) -> np.ndarray:
        """How much of each vertex is covered by hair.

        Args:
            subject (Subject): The subject.

        Returns:
            np.ndarray: 0 to 1, float32 (V,).
        """
        return self.skin * soft(
            subject.hairline - self.height_over_hairline, 0.8)

    def colors(self, subject: Subject) -> np.ndarray:
        """Colors of a subject under full white light.

        Args:
            subject (Subject): The subject.

        Returns:
            np.ndarray: Red, green and blue, mostly in 0..1, float32 (V, 3).
        """
        rng = np.random.default_rng(subject.texture_seed)
        coarse, fine = self._waves(rng, 5.0), self._waves(rng, 2.0)
        colors = np.tile(subject.skin, (len(self.mean), 1))
        colors *= 1 + 0.05 * coarse[:, None]
        colors *= 1 - (0.08 * subject.freckles *
                       np.maximum(fine, 0))[:, None]
        self._blush(colors, subject)
        beard = self._beard() * subject.stubble
        self._cover(colors, beard * 0.6, subject.hair)
        self._cover(colors, self.lips, subject.lips)
        self._cover(colors, 0.8 * self.lip_insides, MOUTH)
        brows = soft(self.brow_distance - subject.brow_thickness, 0.35)
        self._cover(colors, 0.9 * brows, subject.brows)
        self._cover(colors, 0.75 * self.lashes, 0.25 * subject.skin)
        self._cover(colors, 0.7 * self.nostrils, 0.15 * subject.skin)
        strands = subject.hair * (1 + 0.15 * fine[:, None])
        self._cover(colors, self.hair(subject), strands)
        clothes = self._group('head_neck') * soft(
            self.mean[:, 1] - NECKLINE_Y, 0.5)
        self._cover(colors, clothes, subject.clothes)
        self._paint_inside(colors, subject)
        return np.maximum(colors, 0).astype(np.float32)

    def fold_shade(self, weights: Mapping[str, float]) -> np.ndarray:
        """Darkness of the folds that an expression draws into the skin.

        Args:
            weights (Mapping[str, float]): Expression weights by name, with
                sides.

        Returns:
            np.ndarray: Factor for the colors, 1 for smooth skin, float32
            (V,).
        """
        depth = np.zeros(len(self.mean), dtype=np.float32)
        for name, weight in weights.items():
            if name in self.folds:
                depth += weight * self.folds[name]
        return 1 - np.minimum(depth, 0.5)

    def _group(self, name: str) -> np.ndarray:
        mask = np.zeros(len(self.mean), dtype=bool)
        if name in self.groups:
            mask[slice(*self.groups[name])] = True
        return mask

    def _paint(self, where: np.ndarray, measure: Callable,
               outline: np.ndarray, width: float,
               thickness: float = 0.0) -> np.ndarray:
        mask = np.zeros(len(self.mean), dtype=np.float32)
        mask[where] = soft(
            measure(self.mean[where, :2], outline[:, :2]) - thickness, width)
        return mask

    @staticmethod
    def _cover(colors: np.ndarray, share: np.ndarray,
               paint: np.ndarray) -> None:
        colors += share[:, None] * (paint - colors)

    def _waves(self, rng: np.random.Generator,
               length: float) -> np.ndarray:
        """Smooth noise of standard deviation 1 over the mean face."""
        directions = rng.standard_normal((6, 3)).astype(np.float32)
        directions *= 2 * np.pi / (length * np.linalg.norm(
            directions, axis=1, keepdims=True))
        phases = rng.uniform(0, 2 * np.pi, 6).astype(np.float32)
        waves = np.sin(self.mean @ directions.T + phases).sum(axis=1)
        return waves / np.sqrt(3)

    def _blush(self, colors: np.ndarray, subject: Subject) -> None:
        cheeks = np.abs(self.mean[:, :2]) * (1, 0) + self.mean[:, :2] * (0, 1)
        share = np.exp(-np.sum(((cheeks - (4.3, 0.2)) / (1.6, 1.5))**2,
                               axis=1))
        nose = np.sum((self.mean - self.points[30])**2, axis=1)
        share = np.maximum(share, np.exp(-nose / 2)) * self._group('face')
        colors *= 1 - subject.blush * share[:, None] * (0, .22, .18)

    def _beard(self) -> np.ndarray:
        jaw, mouth = self.points[8], self.points[[48, 54, 51, 57]]
        low = soft(self.mean[:, 1] - mouth[2, 1] - 0.9, 1.5)
        low *= soft(jaw[1] - 1.2 - self.mean[:, 1], 1.0)
        sides = self.mean[:, 2] > 2
        return low * sides * self.skin

    def _lip_insides(self, face: np.ndarray) -> np.ndarray:
        """Skin behind the line where the lips meet."""
        seam = self.points[60:65]
        behind = self.mean[:, 2] - np.interp(self.mean[:, 0], *seam[:, ::2].T)
        close = soft(to_line(self.mean[:, :2], seam[:, :2]) - 0.6, 0.3)
        return face * close * soft(behind + 0.35, 0.3)

    def _nostrils(self, front: np.ndarray) -> np.ndarray:
        mask = np.zeros(len(self.mean), dtype=np.float32)
        for index in (32, 34):
            spot = self.points[index] + (0, .15, -.1)
            distance = np.linalg.norm(self.mean - spot, axis=1)
            mask = np.maximum(mask, front * soft(distance - .3, .3))
        return mask

    def _paint_inside(self, colors: np.ndarray, subject: Subject) -> None:
        for name, paint in (('mouth_socket', MOUTH), ('gums_tongue', GUMS),
                            ('teeth', TEETH)):
            part = self._group(name)
            # Less light reaches the back of the mouth.
            depth = (self.points[62, 2] - self.mean[part, 2]) / 5
            colors[part] = paint * np.clip(1 - depth, .15, 1)[:, None]
        for name in ('iris_left', 'iris_right'):
            part = self._group(name)
            if not part.any():
                continue
            eye = self.mean[part]
            middle = (eye.min(axis=0) + eye.max(axis=0)) / 2
            middle[2] = eye[:, 2].max() - np.ptp(eye[:, 0]) / 2
            out = eye - middle
            angle = np.degrees(
                np.arctan2(np.hypot(out[:, 0], out[:, 1]), out[:, 2]))
            paint = np.tile(EYEBALL, (len(eye), 1))
            paint *= np.clip(1.25 - angle / 100, .5, 1)[:, None]
            paint[angle < IRIS_EDGE] = subject.iris
            paint[angle < PUPIL_EDGE] = .04
            colors[part] = paint
