"""Compare runtimes for inference on the CPU, side by side.

From pixels in memory to scores, with PyTorch eager, in the channels-last
format and compiled, and with ONNX Runtime in fp32 and int8. The runtimes take
turns; given are medians over the rounds, and in brackets the quartiles. The
weights are random: they change no speed. What int8 costs in accuracy says
tools/model_converters/quantize_onnx.py.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import joblib
import numpy as np
import onnxruntime
from mmengine.config import DictAction
from mmengine.registry import MODELS

from ipdfer_mm.apis.loading import image_size
from ipdfer_mm.deployment import plain_classifier
from ipdfer_mm.utils.atomic import write_atomically
from ipdfer_mm.utils.cli import open_config
from ipdfer_mm.utils.messages import escape_unprintable
from ipdfer_mm.utils.text_table import TextTable

from .machine import describe_machine
from .runtimes import EAGER, make_runtimes
from .timing import interleave, summarize

ADVICE = 'choose another folder with --out'


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='path of the config')
    parser.add_argument(
        '--batch-sizes', type=int, nargs='+', default=[1, 32])
    parser.add_argument('--rounds', type=int, default=30)
    parser.add_argument(
        '--threads',
        type=int,
        default=joblib.cpu_count(),
        help='of each runtime (default: the cores, %(default)s)')
    parser.add_argument(
        '--out',
        type=Path,
        default=Path('work_dirs/benchmark_inference'),
        help='folder of the results (default: %(default)s)')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    args = parser.parse_args(argv)
    if min(*args.batch_sizes, args.rounds, args.threads) < 1:
        parser.error('--batch-sizes, --rounds and --threads must be 1 or more')
    return args


def benchmark_table(summaries: dict[int, dict], title: str,
                    notes: Sequence[str]) -> TextTable:
    """Make a table of :func:`summarize`'s numbers by batch size."""
    rows = []
    for size, summary in summaries.items():
        for name, row in summary.items():
            rows.append([
                name, size,
                f'{row["ms"]:.2f} ({row["ms_low"]:.2f}-{row["ms_high"]:.2f})',
                f'{row["ms_best"]:.2f}', f'{row["images_per_second"]:.0f}',
                f'{row["speedup"]:.2f} ({row["speedup_low"]:.2f}-'
                f'{row["speedup_high"]:.2f})'
            ])
    header = ['runtime', 'batch', 'ms an image', 'fastest round',
              'images/s', 'times as fast']
    return TextTable('benchmark_inference', title, header, rows, list(notes))


def benchmark(args: argparse.Namespace) -> None:
    """Measure, print and write."""
    cfg = open_config(args)
    size = image_size(cfg)
    model = MODELS.build(
        {**plain_classifier(cfg), '_scope_': 'mmpretrain'})
    rng = np.random.default_rng(0)
    shape = (max(args.batch_sizes), size, size, 3)
    images = rng.integers(0, 256, shape, dtype=np.uint8)
    classes = [str(i) for i in range(model.head.num_classes)]
    runtimes = make_runtimes(model, images, classes, args.threads)
    summaries = {}
    for batch_size in args.batch_sizes:
        medians = interleave(
            {name: partial(runtime, images[:batch_size])
             for name, runtime in runtimes.items()}, args.rounds)
        summaries[batch_size] = summarize(medians, batch_size, EAGER)
    machine = dict(describe_machine('cpu', args.threads),
                   onnxruntime=onnxruntime.__version__)
    table = benchmark_table(
        summaries, f'{Path(args.config).stem}, images of {size} pixels',
        [', '.join(f'{key} {value}' for key, value in machine.items()),
         f'{args.rounds} rounds; times as fast as {EAGER} in the same round'])
    args.out.mkdir(parents=True, exist_ok=True)
    report = dict(config=args.config, rounds=args.rounds, machine=machine,
                  runtimes=summaries)
    write_atomically(args.out / 'benchmark.md', table.markdown().encode(),
                     ADVICE)
    write_atomically(args.out / 'benchmark.json',
                     json.dumps(report, indent=2).encode(), ADVICE)
    print(f'\n{table.markdown()}\nThis is also in {args.out}.')


def main(argv: Sequence[str] | None = None) -> None:
    """Run the tool."""
    try:
        benchmark(parse_args(argv))
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        sys.exit(f'{type(error).__name__}: {error}')


if __name__ == '__main__':
    escape_unprintable()
    main()
