"""Render a synthetic dataset to disk.

Writes what the dataset SyntheticFaces would render itself with OUT as its
data_root and the same arguments, in the same layout: for large sets, for
distributed training and for use without OpenMMLab. Can be killed and started
again.
"""

import argparse
from collections.abc import Sequence

import joblib

from ipdfer_mm.datasets.rendered_folder import render_folder
from ipdfer_mm.rendering import Population
from ipdfer_mm.rendering.population import SPLITS
from ipdfer_mm.utils.cli import explained


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('out', help='folder for all rendered datasets')
    parser.add_argument('--split', choices=SPLITS, default='train')
    parser.add_argument(
        '--face-model',
        help='file of tools/dataset_converters/ict_facekit.py; the built-in '
        'head where left out')
    parser.add_argument('--num-subjects', type=int, default=1000)
    parser.add_argument('--num-images', type=int, default=3000)
    parser.add_argument('--size', type=int, default=112,
                        help='side of an image in pixels')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--workers', type=int, default=joblib.cpu_count(),
                        help='number of processes; 0 renders in this one')
    return parser.parse_args(argv)


@explained(OSError, ValueError)
def main(argv: Sequence[str] | None = None) -> None:
    """Run the tool."""
    args = parse_args(argv)
    population = Population(
        args.split, args.num_subjects, args.num_images, args.seed)
    folder = render_folder(
        args.out, population, args.size, args.face_model, args.workers)
    print(f'{len(population.plan())} faces and as many neutral ones are in '
          f'{folder}.')


if __name__ == '__main__':
    main()
