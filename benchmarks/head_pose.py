"""Compare head-pose estimators on rendered faces, whose yaw is known.

The estimators see what they would see in a dataset: `pnp5` and `onnx` the
points that the face detector finds, `facepose_linear` the 68 landmarks with
noise, as of a landmark network. Prints a Markdown table of the mean error in
degrees and of the share of right classes, by class of the true yaw.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from ipdfer_mm.geometry import scaled_template
from ipdfer_mm.geometry.yaw_bins import POSE_EDGES, yaw_bin
from ipdfer_mm.preparation.face_choice import choose_face
from ipdfer_mm.preparation.face_search import FaceSearch
from ipdfer_mm.preparation.head_pose import (
    UNKNOWN,
    Angles,
    FaceImage,
    FivePointPose,
    NetworkPose,
    contour_yaw,
)
from ipdfer_mm.preparation.recipe import Recipe
from ipdfer_mm.preparation.region import Region
from ipdfer_mm.rendering import (
    FaceModel,
    FaceRenderer,
    RenderedFace,
    RenderSpec,
    parametric_head,
    sample_expression,
    sample_light,
    sample_subject,
)
from ipdfer_mm.utils.expressions import EXPRESSIONS
from ipdfer_mm.utils.messages import escape_unprintable

SIZE = 224  # pixels; the heads are uncropped
MAX_YAW = 60
PITCH_DEVIATION = 8
ROLL_DEVIATION = 6
# Of a landmark, in pixels of a face aligned to 112 pixels.
LANDMARK_NOISE = 1.3


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--face-model',
        type=Path,
        help='file of a face model (default: the built-in head)')
    parser.add_argument(
        '--networks',
        nargs='+',
        default=(),
        help='ONNX files for the estimator onnx (default: left out)')
    parser.add_argument('--num-faces', type=int, default=1000)
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args(argv)
    if args.num_faces < 1:
        parser.error('--num-faces must be 1 or more')
    return args


def render_faces(model: FaceModel, count: int, rng: np.random.Generator
                 ) -> Iterator[tuple[RenderSpec, RenderedFace]]:
    """Render faces of other subjects, all expressions in turn."""
    renderer = FaceRenderer(model)
    for i in range(count):
        spec = RenderSpec(
            sample_subject(len(model.identity), rng),
            sample_expression(EXPRESSIONS[i % len(EXPRESSIONS)], rng),
            yaw=rng.uniform(-MAX_YAW, MAX_YAW),
            pitch=PITCH_DEVIATION * rng.standard_normal(),
            roll=ROLL_DEVIATION * rng.standard_normal(),
            light=sample_light(rng),
            seed=int(rng.integers(10**6)),
            size=SIZE,
            crop='full')
        yield spec, renderer.render(spec)


def noisy_contour(face: RenderedFace, rng: np.random.Generator) -> Angles:
    """`facepose_linear` on the landmarks of a face, with noise."""
    height = np.ptp(scaled_template(112)[:, 1])
    noise = LANDMARK_NOISE * np.ptp(face.five_points[:, 1]) / height
    landmarks = face.landmarks68 + noise * rng.standard_normal((68, 2))
    return UNKNOWN._replace(yaw=contour_yaw(landmarks))


def table_row(name: str, true: np.ndarray, found: np.ndarray) -> str:
    """A row of the table: overall and by class of the true yaw."""
    known = ~np.isnan(found)
    error = np.abs(found - true)
    right = np.array([
        yaw_bin(f) == yaw_bin(t) for t, f in zip(true, found)
    ])
    classes = np.array([yaw_bin(yaw) for yaw in true])
    cells = []
    for part in (known, *(known & (classes == label)
                          for label in range(len(POSE_EDGES) + 1))):
        cells.append(f'{error[part].mean():.1f} / {right[part].mean():.0%}'
                     if part.any() else '')
    return f'| {name} | {known.mean():.1%} | ' + ' | '.join(cells) + ' |'


def main(argv: Sequence[str] | None = None) -> None:
    """Render, estimate and print the table."""
    args = parse_args(argv)
    rng = np.random.default_rng(args.seed)
    model = parametric_head()
    if args.face_model is not None:
        model = FaceModel.load(args.face_model)
    estimators: dict[str, Callable[[FaceImage], Angles]] = {
        'pnp5': FivePointPose()
    }
    if args.networks:
        estimators['onnx'] = NetworkPose(*args.networks)
    torch.set_num_threads(1)
    search = FaceSearch(Recipe(retries=0))
    true: list[float] = []
    found: dict[str, list[float]] = {}
    faces = render_faces(model, args.num_faces, rng)
    for spec, face in tqdm(faces, total=args.num_faces):
        true.append(spec.yaw)
        detections = search([face.image], [Region.of(face.image, None)])[0]
        center = ((SIZE - 1) / 2, ) * 2
        points = choose_face(detections, center).points
        image = FaceImage('', face.image, points)
        answers = {name: estimate(image).yaw if points is not None else
                   float('nan') for name, estimate in estimators.items()}
        answers['facepose_linear'] = noisy_contour(face, rng).yaw
        for name, yaw in answers.items():
            found.setdefault(name, []).append(yaw)
    edges = (0, *POSE_EDGES)
    names = [f'{low}-{high}°' for low, high in zip(edges, edges[1:])]
    header = ['estimator', 'found', 'all', *names, f'over {edges[-1]}°']
    print('| ' + ' | '.join(header) + ' |')
    print('|---' * len(header) + '|')
    for name, yaw in found.items():
        print(table_row(name, np.array(true), np.array(yaw)))
    print(f'\nMean error of the yaw in degrees / share of right yaw bins, '
          f'{args.num_faces} faces.')


if __name__ == '__main__':
    escape_unprintable()
    main()
