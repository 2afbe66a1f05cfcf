"""Compare the annotation of a video with detection in each frame.

Renders subjects that move over 1280x720 pixels, turn their heads by 60 degrees
to each side and change the expression, and annotates the video twice: as
tools/infer.py does, and with all faces searched in each frame. It prints
frames a second, files included, and how often the raw labels agree; with
--truth also how often the labels are right before and after smoothing.
"""

import argparse
import csv
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest import mock

import cv2
import numpy as np
from tqdm import tqdm

from ipdfer_mm.apis import (
    DEFAULT_MODEL,
    ExpressionInferencer,
    video_annotation,
)
from ipdfer_mm.apis.annotation import AnnotationJob
from ipdfer_mm.apis.smoothing import UNSURE
from ipdfer_mm.apis.video_faces import VideoFaceFinder
from ipdfer_mm.rendering import FaceModel, FaceRenderer, parametric_head
from ipdfer_mm.rendering.clip import describe_clip
from ipdfer_mm.utils.expressions import EXPRESSIONS
from ipdfer_mm.utils.images import swap_channels
from ipdfer_mm.utils.messages import escape_unprintable
from ipdfer_mm.utils.video import written_video

WIDTH, HEIGHT, FPS = 1280, 720, 25.0
# Share of the time of each expression in which it is sure to be held: a little
# less than the 0.6 of `describe_clip`.
HELD = 0.55


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--model', default=DEFAULT_MODEL)
    parser.add_argument('--onnx', type=Path, help='recognize with this file')
    parser.add_argument('--faces', type=int, default=1, choices=range(1, 6))
    parser.add_argument('--seconds', type=float, default=14)
    parser.add_argument('--face-model', help='of the ICT face model')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--truth', action='store_true')
    parser.add_argument('--out', type=Path, help='keep the results here')
    args = parser.parse_args(argv)
    if round(args.seconds * FPS) < 2:
        parser.error(f'--seconds must be {2 / FPS} or more')
    return args


def render(args: argparse.Namespace,
           num_frames: int) -> Iterator[tuple[np.ndarray, list[dict]]]:
    """Yield frames, BGR, and the truth of each face: box, class, yaw."""
    head = (FaceModel.load(args.face_model) if args.face_model else
            parametric_head())
    renderers = [FaceRenderer(head) for _ in range(args.faces)]
    size = 440 if args.faces == 1 else 250
    drawn = 200  # pixels: larger ones take long to render
    clips = []
    for face in range(args.faces):
        rng = np.random.default_rng((args.seed, face))
        names = rng.permutation(EXPRESSIONS)
        clips.append((names, describe_clip(
            len(head.identity), names, num_frames, args.seed * 10 + face, 60.,
            drawn)))
    shelf = np.random.default_rng(args.seed).integers(60, 200, (9, 16, 3))
    wall = cv2.resize(shelf.astype(np.uint8), (WIDTH, HEIGHT),
                      interpolation=cv2.INTER_CUBIC)
    for index in range(num_frames):
        frame, truth = wall.copy(), []
        for face, (names, specs) in enumerate(clips):
            spec = next(specs)
            image = cv2.resize(
                swap_channels(renderers[face].render(spec).image),
                (size, size), interpolation=cv2.INTER_CUBIC)
            phase = 2 * np.pi * (index / num_frames * 2 + face / 7)
            left = round(((face % 3) + .5) * WIDTH / min(args.faces, 3)
                         - size / 2 + 40 * np.sin(phase))
            top = round(((face // 3) + .5) * HEIGHT / (1 + (args.faces > 3))
                        - size / 2 + 30 * np.cos(phase))
            left, top = np.clip((left, top), 0, (WIDTH - size, HEIGHT - size))
            frame[top:top + size, left:left + size] = image
            place = (index / (num_frames - 1)) * len(names)
            number = min(int(place), len(names) - 1)
            held = abs(place - number - .5) < HELD / 2
            truth.append(dict(
                center=(left + size / 2, top + size / 2), size=size,
                label=str(names[number]) if held else None, yaw=spec.yaw))
        yield frame, truth


def read_rows(path: Path) -> dict[int, list[dict]]:
    """Rows with a face by frame."""
    rows: dict[int, list[dict]] = {}
    with open(path, newline='') as file:
        for row in csv.DictReader(file):
            if row['label']:
                rows.setdefault(int(row['frame']), []).append(row)
    return rows


def nearest(rows: Sequence[dict], center: Sequence[float],
            size: float) -> dict | None:
    """The face around a place."""
    for row in rows:
        middle = [(float(row['left']) + float(row['right'])) / 2,
                  (float(row['top']) + float(row['bottom'])) / 2]
        if np.abs(np.subtract(middle, center)).max() < size / 3:
            return row
    return None


def main(argv: Sequence[str] | None = None) -> None:
    """Run the comparison."""
    args = parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        out = args.out or Path(folder)
        out.mkdir(parents=True, exist_ok=True)
        num_frames, truth = round(args.seconds * FPS), []
        with written_video(out / 'video.mp4', FPS) as video:
            for frame, faces in tqdm(render(args, num_frames),
                                     total=num_frames, desc='Render'):
                video.write(frame)
                truth.append(faces)
        inferencer = ExpressionInferencer(args.model, onnx=args.onnx)
        tables = {}
        ways = {'each frame': lambda finder, interval: finder,
                'followed': VideoFaceFinder}
        for name, way in ways.items():
            with mock.patch.object(video_annotation, 'VideoFaceFinder', way):
                start = time.time()
                video_annotation.annotate_video(
                    AnnotationJob(inferencer, out), out / 'video.mp4', name)
                print(f'{name}: {num_frames / (time.time() - start):.1f} '
                      'frames/s')
            tables[name] = read_rows(out / f'{name}.csv')
    compare(tables, truth, args.truth)


def compare(tables: dict[str, dict], truth: list[list[dict]],
            with_truth: bool) -> None:
    """Print how often the labels agree, and how often they are right."""
    same, sure, missed = 0, 0, 0
    shares: dict[str, list] = {'below 30': [], 'above 40': []}
    for index, faces in enumerate(truth):
        for face in faces:
            first, second = (
                nearest(tables[name].get(index, []), face['center'],
                        face['size']) for name in ('each frame', 'followed'))
            if first and float(first[first['label']]) > .6:
                sure += 1
                missed += second is None
                same += bool(second) and second['label'] == first['label']
            if second and face['label']:
                yaw = abs(face['yaw'])
                for name, inside in (('below 30', yaw < 30),
                                     ('above 40', yaw > 40)):
                    if inside:
                        shares[name].append(
                            (second['label'] == face['label'],
                             second['shown'] == face['label'],
                             second['shown'] == UNSURE))
    share = f' ({same / sure:.1%})' if sure else ''
    print(f'labels agree on {same} of {sure} faces{share} whose score is '
          f'above 0.6; {missed} are missed')
    if not with_truth:
        return
    for name, rows in shares.items():
        if not rows:
            print(f'yaw {name}: no face')
            continue
        raw, shown, unsure = np.array(rows).T
        print(f'yaw {name}, {len(rows)} faces: right raw {raw.mean():.1%}, '
              f'shown {shown.mean():.1%}; unsure are '
              f'{share_of(unsure[raw])} of the right ones and '
              f'{share_of(unsure[~raw])} of the wrong ones')


def share_of(values: np.ndarray) -> str:
    """How many of some are true."""
    return f'{values.mean():.1%}' if len(values) else 'none'


if __name__ == '__main__':
    escape_unprintable()
    main()
