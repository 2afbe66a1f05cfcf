"""Export the classifier of a config and checkpoint as an ONNX file.

The input ``images`` are aligned faces as image libraries give them, RGB,
uint8 (N, S, S, 3) for any N; the normalization is in the file. The output
``scores`` are probabilities, (N, K); the names of the classes are in the
metadata. The file is written only if onnxruntime gives what PyTorch does: the
same labels, and scores that differ by 1e-4 at most.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from ipdfer_mm.apis.loading import class_names, image_size, load_trained_model
from ipdfer_mm.deployment import dataset_faces, export_onnx, folder_faces
from ipdfer_mm.utils.atomic import write_atomically
from ipdfer_mm.utils.cli import (
    add_trust_argument,
    explained,
    open_config,
    parse_onnx_args,
)


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        'config', help='path of the config: IPD-FER, ID-FER or a classifier')
    parser.add_argument('checkpoint', help='path of the checkpoint')
    parser.add_argument('out', type=Path, help='file to write (.onnx)')
    add_trust_argument(parser)
    return parse_onnx_args(parser, argv, 'check the file', 'test', 64)


@explained(ImportError, OSError, RuntimeError, ValueError)
def main(argv: Sequence[str] | None = None) -> None:
    """Export, check and write."""
    args = parse_args(argv)
    cfg = open_config(args)
    model = load_trained_model(cfg, args.checkpoint).cpu()
    classes = class_names(model)
    if args.images:
        images = folder_faces(args.images, image_size(cfg), args.num_images)
    else:
        images = dataset_faces(cfg, 'test', args.num_images)
    content = export_onnx(model, images, classes)
    write_atomically(args.out, content, 'the network was not written')
    print(f'{args.out}, {len(content) / 2**20:.1f} MiB, gives the labels of '
          f'PyTorch on {len(images)} images.')


if __name__ == '__main__':
    main()
