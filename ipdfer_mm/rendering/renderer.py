"""From a description of an image to the image."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from ipdfer_mm.geometry import five_points

from .appearance import Appearance
from .camera import (
    aligned_frame,
    full_frame,
    head_rotation,
    jitter_frame,
    project,
    to_pixels,
)
from .expressions import add_weights
from .face_model import FaceModel
from .rasterizer import rasterize, vertex_normals
from .scene import Light, expose, paint_background, shade
from .subject import Subject

CROPS = ('aligned', 'full')
# Subjects whose shape and colors a renderer remembers.
REMEMBERED = 32
# To be raised with every change after which the same description gives other
# images: rendered datasets are told apart by it.
RENDERING_VERSION = 1


@dataclass(frozen=True, eq=False)
class RenderSpec:
    """All that an image depends on.

    Args:
        subject (Subject): The subject.
        expression (Mapping[str, float]): Weights of expression shapes, on top
            of the subject's resting face.
        yaw (float): Degrees; positive turns the nose to the left of the
            image.
        pitch (float): Degrees; positive lifts the nose.
        roll (float): Degrees; positive turns the head clockwise.
        light (Light): The light.
        seed (int): Seed of background, framing, blur and noise, >= 0.
        size (int): Side of the image in pixels.
        crop (str): ``'aligned'`` fits the face to the ArcFace template, which
            takes the roll out again; ``'full'`` shows head and shoulders.
    """

    subject: Subject
    expression: Mapping[str, float] = field(default_factory=dict)
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    light: Light = field(default_factory=Light)
    seed: int = 0
    size: int = 112
    crop: str = 'aligned'

    def neutral(self) -> 'RenderSpec':
        """The paired neutral image: the same image without the expression.

        The resting face stays, since it is how the subject looks when neutral.

        Returns:
            RenderSpec: A description that differs in the expression only.
        """
        return replace(self, expression={})


@dataclass(frozen=True, eq=False)
class RenderedFace:
    """An image and where the face is in it.

    Args:
        image (np.ndarray): Red, green and blue, uint8 (size, size, 3).
        landmarks68 (np.ndarray): Multi-PIE points in pixels, hidden ones
            included, float32 (68, 2).
        five_points (np.ndarray): Left eye, right eye, nose tip, left and
            right mouth corner as seen in the image, in pixels, float32
            (5, 2).
    """

    image: np.ndarray
    landmarks68: np.ndarray
    five_points: np.ndarray


class _Pose(NamedTuple):
    """A face that is shaped and put in its place, but not drawn yet."""

    weights: Mapping[str, float]
    vertices: np.ndarray  # in centimeters, (V, 3)
    rotation: np.ndarray  # (3, 3)
    points: np.ndarray  # the vertices in pixels, (V, 2)
    nearness: np.ndarray  # (V, )


class FaceRenderer:
    """Renders subjects with one face model.

    The same description gives the same bytes on the same kind of machine. The
    frame follows the resting face, so that paired neutral images agree to the
    pixel wherever the expression moves nothing; the face in an aligned image
    is therefore as far from the template as its expression moved it, and by a
    random error as of a detector.

    Args:
        model (FaceModel): The face model.
    """

    def __init__(self, model: FaceModel) -> None:
        self.model = model
        self.appearance = Appearance(model)
        self._subjects: dict[Subject, tuple[np.ndarray, np.ndarray]] = {}

    def render(self, spec: RenderSpec) -> RenderedFace:
        """Render one image.

        Args:
            spec (RenderSpec): What to render.

        Returns:
            RenderedFace: Image and points.

        Raises:
            ValueError: If the model lacks an expression shape.
            ValueError: If the crop is unknown or the head is turned too far
                to be aligned (beyond about 80 degrees of yaw).
        """
        pose = self._pose(spec)
        colors = self._recall(spec.subject)[1]
        normals = vertex_normals(
            pose.vertices, self.model.triangles) @ pose.rotation.T
        folded = colors * self.appearance.fold_shade(pose.weights)[:, None]
        face, coverage = rasterize(pose.points, pose.nearness,
                                   shade(folded, normals, spec.light),
                                   self.model.triangles, spec.size)
        rng = np.random.default_rng([spec.seed, 1])
        background = paint_background(spec.size, rng)
        image = face + (1 - coverage[..., None]) * background
        landmarks = pose.points[self.model.landmarks68]
        return RenderedFace(
            expose(image, rng), landmarks, five_points(landmarks))

    def landmarks68(self, spec: RenderSpec) -> np.ndarray:
        """Find the points of an image without rendering it.

        Args:
            spec (RenderSpec): The image.

        Returns:
            np.ndarray: Those that :meth:`render` returns, float32 (68, 2).

        Raises:
            ValueError: As :meth:`render`.
            ValueError: As :meth:`render`.
        """
        return self._pose(spec).points[self.model.landmarks68]

    def _pose(self, spec: RenderSpec) -> _Pose:
        resting = self._recall(spec.subject)[0]
        model, weights = self.model, spec.subject.resting_face
        at_rest = resting + model.expression_offset(
            model.expression_vector(weights))
        weights = add_weights(weights, spec.expression)
        vertices = resting + model.expression_offset(
            model.expression_vector(weights))
        rotation = head_rotation(spec.yaw, spec.pitch, spec.roll)
        frame = self._frame(spec, at_rest[model.landmarks68], rotation)
        plane, nearness = project(vertices, rotation)
        return _Pose(weights, vertices, rotation, to_pixels(plane, frame),
                     nearness)

    def _frame(self, spec: RenderSpec, landmarks: np.ndarray,
               rotation: np.ndarray) -> np.ndarray:
        if spec.crop not in CROPS:
            raise ValueError(f'crop is {spec.crop!r}, not one of '
                             f'{", ".join(CROPS)}.')
        rng = np.random.default_rng([spec.seed, 0])
        shift, zoom, turn = rng.standard_normal(2), *rng.standard_normal(2)
        if spec.crop == 'aligned':
            frame = aligned_frame(project(landmarks, rotation)[0], spec.size)
            return jitter_frame(frame, spec.size, .022 * shift,
                                np.exp(.05 * zoom), 2.5 * turn)
        return jitter_frame(
            full_frame(spec.size), spec.size, .03 * shift,
            np.exp(.08 * zoom), 0)

    def _recall(self, subject: Subject) -> tuple[np.ndarray, np.ndarray]:
        """Vertices of a subject without resting face, and colors."""
        if subject not in self._subjects:
            if len(self._subjects) >= REMEMBERED:
                self._subjects.clear()
            vertices = self.model.identity_vertices(subject.identity)
            hair = subject.hair_volume * self.appearance.hair(subject)
            vertices = vertices + hair[:, None] * vertex_normals(
                vertices, self.model.triangles)
            self._subjects[subject] = vertices, self.appearance.colors(subject)
        return self._subjects[subject]
