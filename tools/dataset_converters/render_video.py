"""Render a video of one subject, to try tools/infer.py on.

The expression goes from neutral to happiness and surprise while the head
turns from the right of the image to the left.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from ipdfer_mm.rendering import FaceModel, FaceRenderer, parametric_head
from ipdfer_mm.rendering.clip import describe_clip
from ipdfer_mm.utils.cli import explained
from ipdfer_mm.utils.expressions import EXPRESSIONS
from ipdfer_mm.utils.images import swap_channels
from ipdfer_mm.utils.video import DEFAULT_FPS, written_video


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('out', type=Path, help='the video, .mp4')
    parser.add_argument(
        '--face-model',
        help='file of tools/dataset_converters/ict_facekit.py; the built-in '
        'head where left out')
    parser.add_argument(
        '--expressions', nargs='+', choices=EXPRESSIONS, metavar='NAME',
        default=['neutral', 'happiness', 'surprise'],
        help=f'out of {", ".join(EXPRESSIONS)} (default: %(default)s)')
    parser.add_argument('--seconds', type=float, default=4,
                        help='(default: %(default)s)')
    parser.add_argument('--size', type=int, default=320, help='side of a '
                        'frame in pixels (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0,
                        help='decides the subject')
    args = parser.parse_args(argv)
    if args.out.suffix != '.mp4':
        parser.error(f'{args.out} must end in .mp4')
    if not 16 <= args.size <= 4096 or not 0 < args.seconds <= 3600 or (
            args.seed < 0):
        parser.error('--size must be 16 to 4096, --seconds at most 3600, and '
                     '--seed not negative')
    return args


@explained(OSError, ValueError)
def main(argv: Sequence[str] | None = None) -> None:
    """Run the tool."""
    args = parse_args(argv)
    head = (FaceModel.load(args.face_model) if args.face_model else
            parametric_head())
    renderer = FaceRenderer(head)
    num_frames = round(args.seconds * DEFAULT_FPS)
    frames = describe_clip(
        len(head.identity), args.expressions, num_frames, args.seed,
        size=args.size)
    with written_video(args.out, DEFAULT_FPS) as video:
        for spec in tqdm(frames, total=num_frames, unit='frame', disable=None):
            video.write(swap_channels(renderer.render(spec).image))
    print(f'{num_frames} frames are in {args.out}.')


if __name__ == '__main__':
    main()
