"""Quantize an ONNX file of export_onnx.py to int8, and say what it costs.

The ranges of the activations are those on training images of the config.
Both files are then tested on its test set; the int8 file is written only if
it loses no more accuracy than is allowed.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from ipdfer_mm.deployment import (
    OnnxClassifier,
    dataset_faces,
    evaluate,
    folder_faces,
    quantize,
)
from ipdfer_mm.utils.atomic import write_atomically
from ipdfer_mm.utils.cli import explained, open_config, parse_onnx_args
from ipdfer_mm.utils.files import keep_inputs

METRIC = 'accuracy/top1'


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('onnx', type=Path, help='file of export_onnx.py')
    parser.add_argument('out', type=Path, help='file to write (.onnx)')
    parser.add_argument('config', help='config with the datasets')
    parser.add_argument(
        '--metric', default=METRIC,
        help='name of the accuracy in per cent (default: %(default)s)')
    parser.add_argument(
        '--max-loss', type=float, default=0.5,
        help='points of it that may be lost (default: %(default)s)')
    return parse_onnx_args(parser, argv, 'calibrate', 'training', 500)


@explained(ImportError, OSError, RuntimeError, ValueError)
def main(argv: Sequence[str] | None = None) -> None:
    """Quantize, test and write."""
    args = parse_args(argv)
    keep_inputs(args.out, args.onnx)
    cfg = open_config(args)
    before = OnnxClassifier(args.onnx)
    if args.images:
        images = folder_faces(args.images, before.size, args.num_images)
    else:
        images = dataset_faces(cfg, 'train', args.num_images)
    if images.shape[1] != before.size:
        raise ValueError(f'{args.onnx} takes images of {before.size} '
                         f'pixels, but those of the config have '
                         f'{images.shape[1]}.')
    content = quantize(args.onnx.read_bytes(), images)
    metrics = evaluate(cfg, dict(fp32=before, int8=OnnxClassifier(content)),
                       before.classes)
    print(f'\n| {cfg.test_dataloader.dataset.type} | fp32 | int8 |')
    print('|---|---|---|')
    for name, value in metrics['fp32'].items():
        print(f'| {name} | {value:.2f} | {metrics["int8"][name]:.2f} |')
    if args.metric not in metrics['fp32']:
        raise ValueError(f'The config measures no {args.metric}. Name one of '
                         f'{sorted(metrics["fp32"])} with --metric.')
    loss = metrics['fp32'][args.metric] - metrics['int8'][args.metric]
    if loss > args.max_loss:
        raise ValueError(
            f'int8 loses {loss:.2f} points of {args.metric}, more than '
            f'--max-loss {args.max_loss:g}; {args.out} was not written. '
            'Calibrate with more images, or allow more.')
    write_atomically(args.out, content, 'the network was not written')
    print(f'\n{args.out}: {len(content) / 2**20:.1f} MiB; the fp32 file has '
          f'{args.onnx.stat().st_size / 2**20:.1f} MiB.')


if __name__ == '__main__':
    main()
