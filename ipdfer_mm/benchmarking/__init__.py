"""How fast training is, and what it is compared with."""

from .contenders import (
    LITERAL,
    OURS,
    PLAIN,
    Workload,
    count_flops,
    make_step,
    step_flops,
)
from .literal import LiteralAlgorithm1
from .loading import loading_speed
from .machine import describe_machine
from .memory import build_step
from .networks import build_classifier, build_ipdfer
from .options import generator_interval, ipdfer_options, parse_options
from .phases import time_phases
from .report import phases_table, plain_options, step_row, steps_table
from .timing import interleave, quartiles, summarize

__all__ = [
    'LITERAL',
    'LiteralAlgorithm1',
    'OURS',
    'PLAIN',
    'Workload',
    'build_classifier',
    'build_ipdfer',
    'build_step',
    'count_flops',
    'describe_machine',
    'generator_interval',
    'interleave',
    'ipdfer_options',
    'loading_speed',
    'make_step',
    'parse_options',
    'phases_table',
    'plain_options',
    'quartiles',
    'step_flops',
    'step_row',
    'steps_table',
    'summarize',
    'time_phases',
]
