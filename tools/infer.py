"""Recognize the expressions in images, videos or the images of a camera.

Of images and folders it writes results.json, results.csv and annotated
images; of a video NAME.mp4 and of camera N, until Ctrl-C, an annotated
video, NAME.csv with a row for each face of each frame, and
NAME_timeline.png. Ctrl-C keeps what was done so far.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import DictAction

from ipdfer_mm.apis.annotation import (
    AnnotationJob,
    Summary,
    annotate_images,
    without_results,
)
from ipdfer_mm.apis.arguments import (
    add_inferencer_arguments,
    build_inferencer,
)
from ipdfer_mm.apis.following import SMOOTH
from ipdfer_mm.apis.inputs import list_inputs
from ipdfer_mm.apis.video_annotation import annotate_video, name_results
from ipdfer_mm.utils.cli import explained
from ipdfer_mm.utils.messages import shorten
from ipdfer_mm.utils.video import VIDEO_SUFFIXES

INTERRUPTED = 130


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        'inputs', nargs='*', type=Path, help='images, folders of images, and '
        f'videos ({", ".join(VIDEO_SUFFIXES)})')
    parser.add_argument('--webcam', type=int, metavar='N',
                        help='number of a camera, from 0')
    add_inferencer_arguments(parser)
    parser.add_argument(
        '--out-dir', type=Path, default=Path('work_dirs/infer'),
        help='folder of the results (default: %(default)s)')
    parser.add_argument(
        '--onnx', type=Path, metavar='FILE',
        help='recognize by this ONNX file of the model, made by '
        'export_onnx.py or quantize_onnx.py, which is faster on a CPU')
    add_job_arguments(parser)
    args = parser.parse_args(argv)
    if bool(args.inputs) == (args.webcam is not None):
        parser.error('give either images, folders and videos, or --webcam')
    if args.aligned and args.subjects:
        parser.error('--subjects compares faces that are found; it does not '
                     'go with --aligned')
    return args


def add_job_arguments(parser: argparse.ArgumentParser) -> None:
    """Add how images and videos are annotated."""
    parser.add_argument(
        '--aligned', action='store_true',
        help='the images are aligned faces already: search none')
    parser.add_argument(
        '--synthesis', action='store_true',
        help='draw the neutral and the reconstructed face, too')
    parser.add_argument(
        '--smooth', type=float, default=SMOOTH, metavar='SECONDS',
        help='smooth the expressions of a video over this time, 0 for not at '
        'all; the table has what was recognized, too (default: %(default)s)')
    parser.add_argument(
        '--subjects', action='store_true',
        help='number the subjects of a video, not the tracks, so that one '
        'that leaves and returns keeps the number; by their faces, which are '
        'compared in memory and not kept')
    parser.add_argument(
        '--recipe', nargs='+', action=DictAction, default={},
        help='settings of the detection as in tools/prepare_dataset.py, such '
        'as min_score=0.8, or min_face=0 for faces below a thirtieth of the '
        'shorter side')
    parser.add_argument('--batch-size', type=int, default=16,
                        help='images at once (default: %(default)s)')


def report(summary: Summary, unit: str, what: str) -> None:
    """Print what was found, and what is to be looked at."""
    tracks = (f' (of {summary.num_tracks} that were followed)'
              if summary.num_tracks else '')
    if summary.num_subjects:
        tracks = f' of {summary.num_subjects} subjects'
    print(f'{summary.num_faces} faces{tracks} in {summary.num_done} {unit}, '
          f'{summary.without_face} of them without a face: {what}')
    if summary.errors:
        print(f'{len(summary.errors)} problems: {shorten(summary.errors)}')
    if summary.interrupted:
        print('Interrupted: this is what was done so far.')


def infer(args: argparse.Namespace) -> list[Summary]:
    """Work on all inputs, or up to Ctrl-C."""
    videos = [path for path in args.inputs
              if path.suffix.lower() in VIDEO_SUFFIXES and not path.is_dir()]
    sources = name_results(videos, args.out_dir)
    images = without_results(
        list_inputs([path for path in args.inputs if path not in videos]),
        args.out_dir)
    inferencer = build_inferencer(args, recipe=args.recipe, onnx=args.onnx)
    job = AnnotationJob(inferencer, args.out_dir, args.batch_size,
                        args.aligned, args.synthesis, args.smooth,
                        args.subjects)
    summaries: list[Summary] = []
    if images:
        summaries.append(annotate_images(job, images))
        report(summaries[-1], 'images', f'{args.out_dir}/results.json')
    if args.webcam is not None:
        sources = {f'webcam{args.webcam}': args.webcam}
    for name, source in sources.items():
        if summaries and summaries[-1].interrupted:
            break
        try:
            summaries.append(annotate_video(job, source, name))
        except OSError as error:
            summaries.append(Summary(errors=[str(error)]))
            print(error, file=sys.stderr)
            continue
        except KeyboardInterrupt:
            if not summaries:
                raise
            print(f'Interrupted while working on {source}; what came '
                  'before is done.', file=sys.stderr)
            summaries.append(Summary(interrupted=True))
            break
        report(summaries[-1], 'frames', f'{args.out_dir}/{name}.mp4')
    return summaries


@explained(ImportError, OSError, RuntimeError, TypeError, ValueError)
def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool.

    Returns:
        int: The exit status: 0, 1 where a file was not read, or 130 after
        Ctrl-C.
    """
    args = parse_args(argv)
    try:
        summaries = infer(args)
    except KeyboardInterrupt:
        print('Interrupted before anything was done.', file=sys.stderr)
        return INTERRUPTED
    if args.webcam is None and summaries[-1].interrupted:
        return INTERRUPTED
    return int(any(summary.errors for summary in summaries))


if __name__ == '__main__':
    sys.exit(main())
