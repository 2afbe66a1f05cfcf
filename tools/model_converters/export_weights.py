"""Write the weights of a checkpoint, or of a part, as safetensors.

Without optimizer states, and nothing in the file can run code. It loads
wherever a checkpoint to test or to start from is asked for; training cannot
resume from it.
"""

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from mmengine.runner import CheckpointLoader
from torch import Tensor

from ipdfer_mm.analysis.predictions import load_predictions
from ipdfer_mm.deployment.calibration import (
    fit_temperature,
    prior_shift,
    rescale_logits,
    rescale_scores,
)
from ipdfer_mm.deployment.luminance import see_luminance
from ipdfer_mm.metrics.reliability import RELIABILITY, fit_thresholds
from ipdfer_mm.utils.cli import add_trust_argument, explained
from ipdfer_mm.utils.compat import set_checkpoint_trust
from ipdfer_mm.utils.files import keep_inputs
from ipdfer_mm.utils.weight_files import (
    checkpoint_state,
    half,
    published_meta,
    save_weights,
    select_parts,
)


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('checkpoint', help='path of the checkpoint')
    parser.add_argument('out', type=Path, help='file to write (.safetensors)')
    parser.add_argument(
        '--part', nargs='+', default=[],
        help='only these children of the model, such as backbone; of several, '
        'names stay as in the model')
    parser.add_argument(
        '--half', action='store_true',
        help='round to half precision; it is read back as float32')
    parser.add_argument(
        '--calibrate', metavar='PREDICTIONS', type=Path,
        help='divide the logits by the temperature under which these '
        'predictions of validation images, which tools/test.py --out wrote '
        '(.pkl), are most likely; the file says which one, and from which '
        'scores on their labels are shown in videos')
    parser.add_argument(
        '--balance', metavar='TAU', type=float, default=0.0,
        help='before that, subtract from each logit TAU times the logarithm '
        'of the share of its class in these images, so that rare classes are '
        'answered more often: 1 is for the best mean over classes, 0, the '
        'default, for the best accuracy')
    parser.add_argument(
        '--luminance', action='store_true',
        help='trained on gray images: let the encoders see the luminance of '
        'images in color only')
    add_trust_argument(parser)
    args = parser.parse_args(argv)
    if args.out.suffix != '.safetensors':
        parser.error(f'{args.out} must end with .safetensors')
    if args.balance and not args.calibrate:
        parser.error('--balance needs the predictions of --calibrate')
    return args


def calibrate(predictions: Path, balance: float, state: dict[str, Tensor],
              meta: dict) -> dict[str, Tensor]:
    """Shift and divide the logits; note in ``meta`` what was found."""
    classes = meta.get('dataset_meta', {}).get('classes')
    if classes is None:
        raise ValueError('--calibrate needs the names of the classes, which '
                         'this checkpoint does not hold.')
    found = load_predictions(predictions, classes)
    shift = prior_shift(found.labels, len(classes), balance) if balance else 0
    temperature = fit_temperature(
        rescale_scores(found.scores, shift=shift), found.labels)
    scores = rescale_scores(found.scores, temperature, shift)
    meta['temperature'] = temperature
    meta['balance'] = balance
    meta[RELIABILITY] = asdict(
        fit_thresholds(scores, found.labels, found.poses, classes))
    before, after = found.right.mean(), scores.argmax(axis=1) == found.labels
    print(f'Temperature {temperature:.3f}, from {len(found.labels)} images, '
          f'of which {after.mean():.1%} are right, {before:.1%} before.')
    return rescale_logits(state, temperature, shift)


@explained(OSError, RuntimeError, ValueError)
def main(argv: Sequence[str] | None = None) -> None:
    """Run the tool."""
    args = parse_args(argv)
    set_checkpoint_trust(args.trust_checkpoint)
    keep_inputs(args.out, args.checkpoint)
    checkpoint = CheckpointLoader.load_checkpoint(args.checkpoint, 'cpu')
    state = checkpoint_state(args.checkpoint, checkpoint)
    kept = published_meta(checkpoint.get('meta', {}))
    if args.calibrate:
        state = calibrate(args.calibrate, args.balance, state, kept)
    if args.luminance:
        state = see_luminance(state)
    if args.part and not {'head', 'expression_head'} & set(args.part):
        # A part without a classifier knows no classes.
        kept.pop('dataset_meta', None)
    state = select_parts(state, args.part)
    save_weights(args.out, half(state) if args.half else state, kept)
    size = args.out.stat().st_size / 2**20
    print(f'{len(state)} tensors are in {args.out}, {size:.1f} MiB.')


if __name__ == '__main__':
    main()
