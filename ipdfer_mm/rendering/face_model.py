"""A linear face model: a mean mesh plus weighted shapes."""

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from os import PathLike
from pathlib import Path

import numpy as np

# Made by `python -m head_model` in the repository.
BUILT_IN = Path(__file__).with_name('head.npz')
# Clear shells over the eyeballs in ICT-FaceKit; drawn opaque, they would hide
# the irises.
TRANSPARENT_GROUPS = ('sclera_left', 'sclera_right')
KEYS = ('mean', 'identity', 'expression', 'expression_names', 'triangles',
        'group_names', 'group_ranges', 'landmarks68')


@dataclass(frozen=True, eq=False)
class FaceModel:
    """Mean face, identity shapes and expression shapes of one mesh.

    Lengths are about centimeters; x grows to the left side of the subject (the
    right of a frontal image), y upwards and z out of the face. Names of
    expression shapes are those of ARKit with ``_L`` and ``_R`` for the sides
    of the subject.

    Groups name the parts that are colored on their own: ``face`` and
    ``head_neck`` are skin and hair, ``mouth_socket``, ``gums_tongue`` and
    ``teeth`` the inside of the mouth, ``iris_left`` and ``iris_right``
    eyeballs, with the iris around the z axis. Others are colored as skin.

    Args:
        mean (np.ndarray): Vertices of the mean face, float32 (V, 3).
        identity (np.ndarray): Deltas of the identity shapes, to be weighted
            about N(0, 1), float32 (I, V, 3).
        expression (np.ndarray): Deltas of the expression shapes, weighted
            0 to 1, float32 (E, V, 3).
        expression_names (Sequence[str]): Names of the E expression shapes.
        triangles (np.ndarray): Vertex indices, counter-clockwise as seen from
            outside, int32 (T, 3).
        groups (Mapping[str, tuple[int, int]]): First and last + 1 vertex of
            each part.
        landmarks68 (np.ndarray): Vertices of the 68 Multi-PIE points, (68,).

    Raises:
        ValueError: If a shape does not fit the others or an index is out of
            range; the message names the array.
    """

    mean: np.ndarray
    identity: np.ndarray
    expression: np.ndarray
    expression_names: Sequence[str]
    triangles: np.ndarray
    groups: Mapping[str, tuple[int, int]]
    landmarks68: np.ndarray

    def __post_init__(self) -> None:
        vertices = len(self.mean)
        expected = dict(
            mean=(vertices, 3),
            identity=(len(self.identity), vertices, 3),
            expression=(len(self.expression_names), vertices, 3),
            triangles=(len(self.triangles), 3),
            landmarks68=(68, ))
        for name, shape in expected.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f'{name} has the shape '
                                 f'{getattr(self, name).shape}, not {shape}.')
        for name in ('triangles', 'landmarks68'):
            indices = getattr(self, name)
            if indices.min() < 0 or indices.max() >= vertices:
                raise ValueError(f'{name} refers to vertices beyond the '
                                 f'{vertices} of mean.')
        for name, (first, last) in self.groups.items():
            if not 0 <= first < last <= vertices:
                raise ValueError(f'group_ranges: {name} is [{first}, {last}) '
                                 f'of {vertices} vertices.')

    @classmethod
    def load(cls, path: str | PathLike) -> 'FaceModel':
        """Read a model packed by ``tools/dataset_converters/ict_facekit.py``.

        The clear shells over the eyeballs (``sclera_*``) are left out: we draw
        nothing transparent. All else is kept, as heads may turn far.

        Args:
            path (str or PathLike): File ``.npz`` with the arrays ``mean``,
                ``identity``, ``expression``, ``expression_names``,
                ``triangles``, ``group_names``, ``group_ranges`` (G, 2) and
                ``landmarks68``, as described for this class.

        Returns:
            FaceModel: The model, deltas in float32.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If a key is missing or an array does not fit; the
                message names file and key.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {key: file[key] for key in KEYS if key in file}
        except FileNotFoundError:
            raise FileNotFoundError(
                f'The face model {path} does not exist. Make it with '
                'tools/dataset_converters/ict_facekit.py from a checkout of '
                'ICT-FaceKit, or use parametric_head().') from None
        # What damaged and other files raise; AttributeError and TypeError
        # is an array that is no archive.
        except (OSError, ValueError, EOFError, AttributeError, TypeError,
                zipfile.BadZipFile, zlib.error) as error:
            raise ValueError(f'{path} is no readable .npz file: {error}'
                             ) from error
        missing = [key for key in KEYS if key not in arrays]
        if missing:
            raise ValueError(f'{path} lacks {", ".join(missing)}; a face '
                             f'model has {", ".join(KEYS)}.')
        names, ranges = arrays['group_names'], arrays['group_ranges']
        if ranges.shape != (len(names), 2):
            raise ValueError(f'{path}: group_ranges has the shape '
                             f'{ranges.shape}, not {(len(names), 2)}.')
        try:
            model = cls(
                mean=arrays['mean'].astype(np.float32),
                identity=arrays['identity'].astype(np.float32),
                expression=arrays['expression'].astype(np.float32),
                expression_names=tuple(map(str, arrays['expression_names'])),
                triangles=arrays['triangles'].astype(np.int32),
                groups={
                    str(name): (int(first), int(last))
                    for name, (first, last) in zip(names, ranges)
                },
                landmarks68=arrays['landmarks68'].astype(np.int64))
            return model.without(TRANSPARENT_GROUPS)
        except ValueError as error:
            raise ValueError(f'{path}: {error}') from error

    def without(self, names: Sequence[str]) -> 'FaceModel':
        """Cut parts out of the mesh.

        Args:
            names (Sequence[str]): Groups to drop; unknown ones are ignored.

        Returns:
            FaceModel: The model without their vertices, and without the
            triangles that touch them.

        Raises:
            ValueError: If a landmark lies in a dropped group.
        """
        keep = np.ones(len(self.mean), dtype=bool)
        for name in set(names) & set(self.groups):
            keep[slice(*self.groups[name])] = False
        if not keep[self.landmarks68].all():
            raise ValueError(f'Landmarks lie in one of the groups '
                             f'{", ".join(names)}.')
        position = np.concatenate([[0], np.cumsum(keep)])
        return FaceModel(
            mean=self.mean[keep],
            identity=self.identity[:, keep],
            expression=self.expression[:, keep],
            expression_names=self.expression_names,
            triangles=position[self.triangles[
                keep[self.triangles].all(axis=1)]].astype(np.int32),
            groups={
                name: (int(position[first]), int(position[last]))
                for name, (first, last) in self.groups.items()
                if name not in names
            },
            landmarks68=position[self.landmarks68])

    def expression_vector(self, weights: Mapping[str, float]) -> np.ndarray:
        """Order weights that are given by name.

        Args:
            weights (Mapping[str, float]): Weight of each shape. A name without
                a side, where the model knows only sides, sets both.

        Returns:
            np.ndarray: Weights in the model's order, float32 (E,).

        Raises:
            ValueError: If the model has no such shape.
        """
        index = {name: i for i, name in enumerate(self.expression_names)}
        vector = np.zeros(len(index), dtype=np.float32)
        for name, weight in weights.items():
            sides = [name] if name in index else [f'{name}_L', f'{name}_R']
            if not set(sides) <= set(index):
                raise ValueError(
                    f'The face model has no expression {name!r}; it has '
                    f'{", ".join(index)}.')
            vector[[index[side] for side in sides]] = weight
        return vector

    def identity_vertices(self, weights: np.ndarray) -> np.ndarray:
        """Vertices of a subject that shows no expression.

        Args:
            weights (np.ndarray): Weights of the identity shapes, (I,).

        Returns:
            np.ndarray: Vertices, float32 (V, 3).

        Raises:
            ValueError: If there are not I weights.
        """
        return self.mean + self._combine('identity', weights)

    def expression_offset(self, weights: np.ndarray) -> np.ndarray:
        """How far an expression moves the vertices.

        Args:
            weights (np.ndarray): Weights of the expression shapes, (E,).

        Returns:
            np.ndarray: Deltas, float32 (V, 3).

        Raises:
            ValueError: If there are not E weights.
        """
        return self._combine('expression', weights)

    def _combine(self, kind: str, weights: np.ndarray) -> np.ndarray:
        shapes = getattr(self, kind)
        weights = np.asarray(weights, dtype=np.float32)
        if weights.shape != (len(shapes), ):
            raise ValueError(f'{kind} weights have the shape {weights.shape}, '
                             f'but the model has {len(shapes)} shapes.')
        # BLAS would sum in an order that depends on the number of threads.
        total = np.zeros_like(self.mean)
        for i in np.flatnonzero(weights):
            total += weights[i] * shapes[i]
        return total


@lru_cache(maxsize=1)
def parametric_head() -> FaceModel:
    """Load the head that comes with the package.

    About 3,000 triangles: a skin with openings for eyes and mouth, eyeballs,
    ears, neck and shoulders, teeth and the inside of the mouth. Hair and
    brows are painted, and stand off the skull, by the renderer. Its shapes,
    smooth movements of regions of the face, are made by formulas (the folder
    ``head_model`` of the repository) and look plausible rather than
    anatomical.

    Returns:
        FaceModel: The head, the same object at each call.
    """
    return FaceModel.load(BUILT_IN)
