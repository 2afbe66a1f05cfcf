"""The repository's tools, called in this process as a shell calls them."""

import logging
import os
import random
import signal
import sys
import traceback
import warnings
from collections.abc import Iterator
from contextlib import (
    ExitStack,
    contextmanager,
    redirect_stderr,
    redirect_stdout,
)
from functools import cache
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import NamedTuple
from unittest.mock import patch

import mmengine.config.config as mmengine_config
import numpy as np
import torch
from mmengine.logging import MMLogger
from mmengine.runner import CheckpointLoader
from mmengine.utils import ManagerMixin
from yapf.yapflib import yapf_api

from ipdfer_mm import command_line

ROOT = Path(__file__).resolve().parents[2]

format_code = yapf_api.FormatCode
FORMATTED = {}


def format_once(text: str, **style) -> tuple[str, bool]:
    """What yapf makes of a config, with which each checkpoint is saved."""
    if text not in FORMATTED:
        FORMATTED[text] = format_code(text, **style)
    return FORMATTED[text]


# Upstream's MMEngine took it at import, the maintained fork's takes it now.
yapf_api.FormatCode = mmengine_config.FormatCode = format_once


class Result(NamedTuple):
    """What a tool left.

    Attributes:
        code (int): Exit status.
        out (str): What it printed to stdout.
        err (str): What it printed to stderr.
        printed (str): Both, in their order.
    """

    code: int
    out: str
    err: str
    printed: str


class Tee(StringIO):
    """Text that also goes elsewhere."""

    def __init__(self, other: StringIO) -> None:
        super().__init__()
        self.other = other

    def write(self, text: str) -> int:
        self.other.write(text)
        return super().write(text)


@cache
def load_tool(path: Path | str) -> ModuleType:
    """Import a tool by its path, also one below ``tools``."""
    return command_line.load_tool(ROOT / 'tools' / path)


def call_tool(tool: Path | str, *args, cwd: Path = ROOT, **env) -> Result:
    """Call ``main`` of a tool.

    Args:
        tool (Path | str): Its path, also one below ``tools``.
        *args: The command line.
        cwd (Path): Working directory. Defaults to the repository.
        **env: More environment variables.

    Returns:
        Result: As of a process: an exception is a traceback and a status.
    """
    main = load_tool(tool).main
    printed = StringIO()
    out, err = Tee(printed), Tee(printed)
    with redirect_stdout(out), redirect_stderr(err), own_state(
            cwd, sys.argv[:1], env):
        try:
            code = main([str(arg) for arg in args]) or 0
        except SystemExit as stop:
            code = stop.code or 0
            if isinstance(code, str):
                print(code, file=sys.stderr)
                code = 1
        except Exception:
            traceback.print_exc()
            code = 1
    return Result(code, out.getvalue(), err.getvalue(), printed.getvalue())


def run_tool(tool: Path | str, *args, cwd: Path, fails: bool = False,
             **env) -> str:
    """Call a tool that must work, or must fail, and return what it printed."""
    result = call_tool(tool, *args, cwd=cwd, **env)
    assert (result.code != 0) == fails, result.printed[-6000:]
    return result.printed


@contextmanager
def own_state(cwd: Path, argv: list[str], env: dict) -> Iterator[None]:
    """Give a tool a fresh process's state, and take it back.

    Args:
        cwd (Path): Working directory.
        argv (list[str]): ``sys.argv``: no tool may read its flags there.
        env (dict): More environment variables.
    """
    before = Path.cwd()
    threads = torch.get_num_threads()
    deterministic = torch.are_deterministic_algorithms_enabled()
    python_state, numpy_state = random.getstate(), np.random.get_state()
    on_term = signal.getsignal(signal.SIGTERM)
    cudnn = torch.backends.cudnn
    with ExitStack() as stack:
        stack.enter_context(torch.random.fork_rng())
        # A new process draws its own random numbers.
        random.seed()
        np.random.seed()
        torch.seed()
        stack.enter_context(patch.object(sys, 'argv', argv))
        stack.enter_context(patch.dict(
            os.environ, {key: str(value) for key, value in env.items()}))
        for name in ('benchmark', 'deterministic'):
            stack.callback(setattr, cudnn, name, getattr(cudnn, name))
        stack.enter_context(patch.dict(CheckpointLoader._schemes))
        for manager in subclasses(ManagerMixin):
            stack.enter_context(patch.dict(manager._instance_dict, clear=True))
        stack.callback(close_log_files)
        stack.enter_context(warnings.catch_warnings())
        warnings.showwarning = show_warning  # not to pytest
        os.chdir(cwd)
        try:
            yield
        finally:
            os.chdir(before)
            torch.set_num_threads(threads)
            torch.use_deterministic_algorithms(deterministic)
            random.setstate(python_state)
            np.random.set_state(numpy_state)
            signal.signal(signal.SIGTERM, on_term)


def subclasses(kind: type) -> Iterator[type]:
    """Walk through all classes below one; each keeps its own instances."""
    for child in kind.__subclasses__():
        yield child
        yield from subclasses(child)


def show_warning(message: Warning | str, category: type[Warning],
                 filename: str, lineno: int, *_: object) -> None:
    """Print a warning as Python does."""
    sys.stderr.write(
        warnings.formatwarning(message, category, filename, lineno))


def close_log_files() -> None:
    """Close the files of the loggers that exist."""
    for logger in MMLogger._instance_dict.values():
        for handler in logger.handlers:
            if isinstance(handler, logging.FileHandler):
                handler.close()
