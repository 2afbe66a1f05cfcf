"""A command that is killed at random moments and started again."""

import math
import os
import random
import re
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from helpers.tiny_run import comparable, load, tool_environment
from ipdfer_mm.utils.checkpoint_files import find_damage

LOG = 'output.txt'
# What a training does, in its log.
STEP = re.compile(r'Epoch\(\w+\)\s+(?:\[\d+\])?\[\d+/\d+\]|'
                  r'Saving checkpoint at \d+ epochs|'
                  r'best checkpoint .* is saved|resumed epoch: \d+')
# Each fourth kill comes while it starts, before there is any progress.
EARLY = 4


class Kill(NamedTuple):
    """When a process was killed.

    Attributes:
        seconds (float): After its start.
        progress (str): How far the work was.
    """

    seconds: float
    progress: str


class KilledCommand:
    """A command that works in a folder and goes on where it was interrupted.

    Args:
        command (Sequence): Program and arguments.
        folder (Path): Where to run it, and where to log.
        progress (Callable): How far the work is, as text; it may read the
            log, which is new with each start.
        seed (int): Of the random moments.

    Attributes:
        kills (list[Kill]): All kills.
        starts (int): How often it was started.
        startup (float): Seconds from a start to the first progress.
        work (float): Seconds from there to the end.
    """

    def __init__(self, command: Sequence, folder: Path,
                 progress: Callable[[], str], seed: int = 0) -> None:
        self.command = [str(part) for part in command]
        self.folder = folder
        self.progress = progress
        self.random = random.Random(seed)
        self.kills: list[Kill] = []
        self.starts = 0
        self.startup = self.work = 0.

    def finish(self) -> None:
        """Run it to its end, which must be a good one."""
        assert not self._run(math.inf, False), self.log()

    def kill_once(self, longest: float) -> bool:
        """Start it and kill it, unless it comes to its end before.

        Args:
            longest (float): Seconds after the first progress within which it
                is killed; each fourth time it is before.

        Returns:
            bool: Whether it was killed.
        """
        early = len(self.kills) % EARLY == EARLY - 1
        begin = time.monotonic()
        killed = self._run(self.random.uniform(0, longest), early)
        if killed:
            self.kills.append(
                Kill(time.monotonic() - begin, self.progress()))
        return killed

    def log(self) -> str:
        """What it printed last."""
        return (self.folder / LOG).read_text()[-6000:]

    def summary(self) -> str:
        """Lines for a report."""
        lines = [f'  after {kill.seconds:5.1f} s: {kill.progress}'
                 for kill in self.kills]
        return '\n'.join([f'{len(self.kills)} kills, {self.starts} starts',
                          *lines])

    def _run(self, delay: float, early: bool) -> bool:
        """Whether it was killed, ``delay`` after the first progress."""
        begin = time.monotonic()
        process = self._start()
        before = self.progress()
        deadline = math.inf
        if early:
            deadline = begin + self.random.uniform(0, self.startup)
        begun = None
        try:
            while process.poll() is None and time.monotonic() < deadline:
                if begun is None and self.progress() != before:
                    begun = time.monotonic()
                    if not early:
                        deadline = begun + delay
                time.sleep(0.01)
            killed = process.poll() is None
        finally:
            kill(process)
        assert killed or process.returncode == 0, (
            f'status {process.returncode}: {self.log()}')
        if not killed and begun is not None:
            self.startup, self.work = begun - begin, time.monotonic() - begun
        return killed

    def _start(self) -> subprocess.Popen:
        self.starts += 1
        with open(self.folder / LOG, 'w') as log:
            return subprocess.Popen(
                self.command, cwd=self.folder, env=tool_environment(),
                start_new_session=True, stdout=log, stderr=subprocess.STDOUT)


def kill(process: subprocess.Popen) -> None:
    """Kill a process that has not ended, and all that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def kill_often(command: KilledCommand, undisturbed: KilledCommand,
               kills: int, check: Callable[[], None],
               finished: Callable[[], None]) -> None:
    """Run a command to its end with kills in between.

    Args:
        command (KilledCommand): The command.
        undisturbed (KilledCommand): The same elsewhere, finished: its times
            are those within which this one is killed.
        kills (int): How often.
        check (Callable): Called after each kill.
        finished (Callable): Called at each end of the work; must take the
            results away. There is more than one if kills came late.
    """
    command.startup = undisturbed.startup
    while len(command.kills) < kills:
        if command.kill_once(undisturbed.work / kills):
            check()
        else:
            finished()
    command.finish()
    print(f'\n{command.summary()}')
    finished()


def last_step(log: Path) -> str:
    """What a training did last."""
    found = STEP.findall(log.read_text()) if log.is_file() else []
    return re.sub(r'\s+', ' ', found[-1]) if found else 'nothing yet'


def check_checkpoints(folder: Path) -> None:
    """All checkpoints in and below a folder are whole."""
    for path in folder.rglob('*.pth'):
        assert find_damage(path) is None, path
        load(path)


def read_checkpoints(folder: Path) -> dict:
    """What of the checkpoints in a folder counts, by name."""
    return {path.name: comparable(path) for path in folder.glob('*.pth')}
