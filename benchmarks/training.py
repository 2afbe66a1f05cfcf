"""Measure what a training step of IPD-FER costs.

In one run, taking turns: a training step of the plain ResNet-18, Algorithm 1
of the paper written down line by line in plain PyTorch, and the train_step of
IPDFERModel, for each set of options. For each the images a second (median
and quartiles over the rounds), operations, memory, and how many plain steps
with the same options it costs; then what an iteration spends its time on, and
how fast images load and are recognized. Networks have random weights and
images random pixels: they change no speed.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import joblib
import torch
from tqdm import tqdm

from ipdfer_mm.utils.atomic import write_atomically
from ipdfer_mm.utils.messages import escape_unprintable

from .contenders import LITERAL, OURS, PLAIN, Workload, step_flops
from .data_loading import loading_speed
from .machine import describe_machine
from .memory import build_step
from .networks import build_classifier
from .options import generator_interval, ipdfer_options, parse_options
from .phases import time_phases
from .report import phases_table, plain_options, step_row, steps_table
from .timing import interleave, quartiles

ADVICE = 'choose another folder with --out'
INFERENCE = 'inference'


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        '--options',
        nargs='+',
        default=['default'],
        help='sets of options to compare: default, channels_last, fused, '
        'bf16, fp16, tf32, compile, cuda_graphs (compiled, too), and lazy8 '
        '(steps 2 and 3 in every 8th iteration only) and shared_forward '
        '(steps 1 and 3 share the features), joined by +')
    parser.add_argument(
        '--width',
        type=int,
        default=64,
        help="channels of ResNet-18's first stage (default: %(default)s)")
    parser.add_argument('--size', type=int, default=112)
    parser.add_argument('--batch-size', type=int, default=32)
    parser.add_argument('--device', choices=['cpu', 'cuda'], default='cpu')
    parser.add_argument('--rounds', type=int, default=10)
    parser.add_argument(
        '--threads',
        type=int,
        default=joblib.cpu_count(),
        help='of the CPU (default: the cores, %(default)s)')
    parser.add_argument(
        '--workers', type=int, default=2, help='processes that load images')
    parser.add_argument(
        '--out',
        type=Path,
        default=Path('work_dirs/benchmark'),
        help='folder of the results (default: %(default)s)')
    args = parser.parse_args(argv)
    if min(args.width, args.size, args.batch_size, args.rounds,
           args.threads) < 1 or args.workers < 0:
        parser.error('numbers must be 1 or more, --workers 0 or more')
    try:
        for text in args.options:
            parse_options(text)
    except ValueError as error:
        parser.error(str(error))
    return args


def step_names(options: list[str]) -> list[tuple[str, str]]:
    """List the steps: each of ours with the plain one to compare with."""
    names = [(PLAIN, 'default'), (LITERAL, 'default')]
    for text in options:
        names += [(PLAIN, plain_options(text)), (OURS, text)]
    return list(dict.fromkeys(names))


def inference_step(work: Workload) -> Callable[[], object]:
    """Recognize a batch, as the baseline and IPD-FER alike do."""
    model = build_classifier(work.width).to(work.device).eval()
    data = work.batch()

    @torch.inference_mode()
    def step() -> None:
        inputs = model.data_preprocessor(data, False)['inputs']
        model(inputs, mode='tensor').cpu()

    return step


def measure(args: argparse.Namespace, work: Workload) -> dict:
    """Measure everything, for the file of numbers."""
    names = step_names(args.options)
    flops = {(kind, options): step_flops(kind, ipdfer_options(options), work)
             for kind, options in names}
    steps, memory = {}, {}
    for name in tqdm(names, desc='Memory', disable=None):
        steps[name], memory[name] = build_step(*name, work)
    medians = interleave({**steps, INFERENCE: inference_step(work)},
                         args.rounds)
    recognized = quartiles(
        [work.batch_size / seconds for seconds in medians.pop(INFERENCE)])
    for name in names:
        every = generator_interval(parse_options(name[1]))
        medians[name] = [seconds / every for seconds in medians[name]]
    return dict(
        steps=[step_row(name, medians, flops, memory[name], work.batch_size)
               for name in names],
        phases={options: time_phases(options, work, args.rounds)
                for options in args.options
                if plain_options(options) == options},
        inference_images_per_second=recognized,
        loading_images_per_second=quartiles(
            loading_speed(work.size, work.batch_size, args.workers,
                          args.rounds)))


def benchmark(args: argparse.Namespace) -> None:
    """Measure, print and write."""
    if args.device == 'cuda' and not torch.cuda.is_available():
        raise RuntimeError('torch sees no GPU; leave --device out.')
    torch.set_num_threads(args.threads)
    torch.backends.cudnn.benchmark = True
    work = Workload(args.width, args.size, args.batch_size, args.device)
    machine = describe_machine(args.device, args.threads)
    report = dict(
        machine=machine, width=args.width, size=args.size,
        batch_size=args.batch_size, rounds=args.rounds,
        **measure(args, work))
    loaded = report['loading_images_per_second']
    recognized = report['inference_images_per_second']
    table = steps_table(
        report['steps'],
        f'Training steps: ResNet-18 of width {args.width}, {args.size} '
        f'pixels, batches of {args.batch_size}',
        [', '.join(f'{key} {value}' for key, value in machine.items()),
         f'{args.rounds} rounds; medians, in brackets quartiles',
         f'recognized: {recognized[1]:.0f} ({recognized[0]:.0f}-'
         f'{recognized[2]:.0f}) images/s',
         f'loaded by {args.workers} processes: {loaded[1]:.0f} '
         f'({loaded[0]:.0f}-{loaded[2]:.0f}) images/s'])
    text = table.markdown()
    if report['phases']:
        text += '\n' + phases_table(report['phases']).markdown()
    args.out.mkdir(parents=True, exist_ok=True)
    write_atomically(args.out / 'benchmark.md', text.encode(), ADVICE)
    write_atomically(args.out / 'benchmark.json',
                     json.dumps(report, indent=2).encode(), ADVICE)
    print(f'\n{text}\nThis is also in {args.out}.')


def main(argv: Sequence[str] | None = None) -> None:
    """Run the tool."""
    try:
        benchmark(parse_args(argv))
    except (OSError, RuntimeError, ValueError) as error:
        sys.exit(f'{type(error).__name__}: {error}')


if __name__ == '__main__':
    escape_unprintable()
    main()
