"""Pack the face model of a checkout of ICT-FaceKit into one file.

`ICT-FaceKit <https://github.com/ICT-VGL/ICT-FaceKit>`_ (MIT) keeps its mesh
and each of its shapes as an OBJ file of the whole head. What is packed is the
difference of each shape to the neutral mesh, in half precision, without the
eyelashes and other parts behind the cut, which a renderer without textures
cannot draw.
"""

import argparse
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ipdfer_mm.utils.atomic import write_atomically
from ipdfer_mm.utils.cli import explained

NEUTRAL = 'generic_neutral_mesh'
IDENTITIES = 100
# Shapes with a file for each side of the subject, and those with one file.
SIDED = (
    'PupilDilate', 'browDown', 'browInnerUp', 'browOuterUp', 'cheekPuff',
    'cheekRaiser', 'cheekSquint', 'eyeBlink', 'eyeLookDown', 'eyeLookIn',
    'eyeLookOut', 'eyeLookUp', 'eyeSquint', 'eyeWide', 'mouthDimple',
    'mouthFrown', 'mouthLowerDown', 'mouthPress', 'mouthSmile', 'mouthStretch',
    'mouthUpperUp', 'noseSneer')
SINGLE = (
    'jawForward', 'jawLeft', 'jawOpen', 'jawRight', 'mouthClose',
    'mouthFunnel', 'mouthLeft', 'mouthPucker', 'mouthRight', 'mouthRollLower',
    'mouthRollUpper', 'mouthShrugLower', 'mouthShrugUpper')
EXPRESSIONS = tuple(
    sorted([name + side for name in SIDED for side in ('_L', '_R')] +
           list(SINGLE)))
# First and last + 1 vertex of the parts; the mesh orders its vertices by part.
GROUPS = {
    'face': (0, 9409),
    'head_neck': (9409, 11248),
    'mouth_socket': (11248, 13294),
    'eye_socket_left': (13294, 13678),
    'eye_socket_right': (13678, 14062),
    'gums_tongue': (14062, 17039),
    'teeth': (17039, 21451),
    'sclera_left': (21451, 22221),
    'iris_left': (22221, 23021),
    'sclera_right': (23021, 23791),
    'iris_right': (23791, 24591),
}
CUT = 24591
# Vertices at the 68 points of Multi-PIE.
LANDMARKS68 = (
    1225, 1888, 1052, 367, 1719, 1722, 2199, 1447, 966, 3661, 4390, 3927, 3924,
    2608, 3272, 4088, 3443, 268, 493, 1914, 2044, 1401, 3615, 4240, 4114, 2734,
    2509, 978, 4527, 4942, 4857, 1140, 2075, 1147, 4269, 3360, 1507, 1542,
    1537, 1528, 1518, 1511, 3742, 3751, 3756, 3721, 3725, 3732, 5708, 5695,
    2081, 0, 4275, 6200, 6213, 6346, 6461, 5518, 5957, 5841, 5702, 5711, 5533,
    6216, 6207, 6470, 5517, 5966)


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('checkout', type=Path, help='folder of ICT-FaceKit')
    parser.add_argument('out', type=Path, help='file to write (.npz)')
    return parser.parse_args(argv)


def read_obj(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read positions and polygons of a Wavefront OBJ file.

    Args:
        path (Path): The file. Lines other than ``v`` and ``f`` are skipped,
            and so are texture coordinates and normals in ``f``.

    Returns:
        tuple[np.ndarray, np.ndarray]: Vertices, float64 (V, 3), and
        triangles, int32 (T, 3); a larger polygon becomes a fan around its
        first corner.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a line does not parse or names a vertex that does not
            exist; the message names file and line.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f'{path} does not exist. Expected a checkout of ICT-FaceKit with '
            f'FaceXModel/{NEUTRAL}.obj and one OBJ file for each shape.')
    vertices, triangles = [], []
    with open(path, encoding='utf-8', errors='replace') as file:
        for number, line in enumerate(file, start=1):
            kind, *fields = line.split('#')[0].split() or ['']
            try:
                if kind == 'v':
                    x, y, z = map(float, fields[:3])
                    vertices.append((x, y, z))
                elif kind == 'f':
                    triangles += _fan(fields, len(vertices))
            except ValueError as error:
                raise ValueError(
                    f'{path}, line {number}: {line.strip()!r} is no vertex '
                    f'or face: {error}.') from error
    return (np.array(vertices, dtype=np.float64).reshape(-1, 3),
            np.array(triangles, dtype=np.int32).reshape(-1, 3))


def _fan(fields: Sequence[str], vertices: int) -> list[tuple[int, int, int]]:
    numbers = [int(field.split('/')[0]) for field in fields]
    # Negative numbers count back from the last vertex so far.
    corners = [number - 1 if number > 0 else vertices + number
               for number in numbers]
    if len(corners) < 3 or min(corners) < 0 or max(corners) >= vertices:
        raise ValueError(f'corners {numbers} out of {vertices} vertices')
    return [(corners[0], second, third)
            for second, third in zip(corners[1:-1], corners[2:])]


def convert(checkout: Path,
            out: Path,
            cut: int = CUT,
            identities: int = IDENTITIES,
            expressions: Sequence[str] = EXPRESSIONS) -> None:
    """Pack the model, as :meth:`ipdfer_mm.rendering.FaceModel.load` reads it.

    Args:
        checkout (Path): Folder that holds ``FaceXModel``.
        out (Path): File to write, ``.npz``.
        cut (int): Number of vertices to keep, from the first.
        identities (int): Number of identity shapes to pack.
        expressions (Sequence[str]): Names of the expression shapes.

    Raises:
        FileNotFoundError: If a file of the checkout is missing.
        OSError: If it cannot be written; names it.
        ValueError: If a file does not parse, or its number of vertices is not
            that of the neutral mesh, or too small for the cut.
    """
    if out.suffix != '.npz':
        raise ValueError(f'{out} must end in .npz.')
    folder = checkout / 'FaceXModel'
    mean, triangles = read_obj(folder / f'{NEUTRAL}.obj')
    if len(mean) < cut:
        raise ValueError(f'{folder / NEUTRAL}.obj has {len(mean)} vertices, '
                         f'but at least {cut} are needed.')

    def read_deltas(names: Sequence[str]) -> np.ndarray:
        deltas = np.empty((len(names), cut, 3), dtype=np.float16)
        for i, name in enumerate(names):
            path = folder / f'{name}.obj'
            shape, _ = read_obj(path)
            if len(shape) != len(mean):
                raise ValueError(f'{path} has {len(shape)} vertices, but '
                                 f'{NEUTRAL}.obj has {len(mean)}.')
            deltas[i] = (shape - mean)[:cut]
        return deltas

    groups = {name: (first, min(last, cut))
              for name, (first, last) in GROUPS.items() if first < cut}
    arrays = dict(
        mean=mean[:cut].astype(np.float32),
        identity=read_deltas([f'identity{i:03d}' for i in range(identities)]),
        expression=read_deltas(expressions),
        expression_names=np.array(expressions),
        triangles=triangles[(triangles < cut).all(axis=1)],
        group_names=np.array(list(groups)),
        group_ranges=np.array(list(groups.values())),
        landmarks68=np.array(LANDMARKS68))
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    write_atomically(out, content.getvalue(), 'the model was not written')


@explained(OSError, ValueError)
def main(argv: Sequence[str] | None = None) -> None:
    """Run the tool."""
    args = parse_args(argv)
    convert(args.checkout, args.out)
    print(f'Wrote {args.out}.')


if __name__ == '__main__':
    main()
