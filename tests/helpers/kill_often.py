"""A command that is killed at random moments ends as if it were not."""

import math
import os
import random
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from helpers.tiny_run import assert_equal, comparable, load, tool_environment
from ipdfer_mm.utils.checkpoint_files import find_damage

LOG = 'output.txt'
# What a training does, in its log.
STEP = re.compile(r'Epoch\(\w+\)\s+(?:\[\d+\])?\[\d+/\d+\]|'
                  r'Saving checkpoint at \d+ epochs|'
                  r'best checkpoint .* is saved|resumed epoch: \d+')
# Each fourth kill comes while it starts, before there is any progress.
EARLY = 4


class KilledCommand:
    """A command that works in a folder and goes on where it was interrupted.

    Args:
        command (Sequence): Program and arguments.
        folder (Path): Where to run it, and where to log.
        progress (Callable): How far the work is, as text; it may read the
            log, which is new with each start.

    Attributes:
        startup (float): Seconds from a start to the first progress.
        work (float): Seconds from there to the end.
    """

    def __init__(self, command: Sequence, folder: Path,
                 progress: Callable[[], str]) -> None:
        self.command = [str(part) for part in command]
        self.folder = folder
        self.progress = progress

    def run(self, delay: float = math.inf, lifetime: float = math.inf) -> str:
        """Start it, and kill it unless it comes to a good end before.

        Args:
            delay (float): Seconds after the first progress.
            lifetime (float): Seconds after the start.

        Returns:
            str: When it was killed, and how far it was; '' at the end.
        """
        begin, begun = time.monotonic(), math.inf
        with open(self.folder / LOG, 'w') as log:
            process = subprocess.Popen(
                self.command, cwd=self.folder, env=tool_environment(),
                start_new_session=True, stdout=log, stderr=subprocess.STDOUT)
        before = self.progress()
        try:
            while process.poll() is None and time.monotonic() < min(
                    begin + lifetime, begun + delay):
                if begun == math.inf and self.progress() != before:
                    begun = time.monotonic()
                time.sleep(0.01)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        end = time.monotonic()
        if process.returncode == -signal.SIGKILL:
            return f'after {end - begin:5.1f} s: {self.progress()}'
        assert process.returncode == 0, (self.folder / LOG).read_text()[-6000:]
        if begun < end:
            self.startup, self.work = begun - begin, end - begun
        return ''


def prove(command: KilledCommand, kills: int, out: Path,
          results: Callable[[Path], dict],
          check: Callable[[Path], None]) -> None:
    """Kill a command again and again; it must end as if left alone.

    Args:
        command (KilledCommand): The command.
        kills (int): How often, within the time that it takes alone.
        out (Path): Where it works, and what it may begin anew without.
        results (Callable): What must be the same in that folder.
        check (Callable): Called with the folder after each kill.
    """
    assert not command.run()
    expected, pause = results(out), command.work / kills
    shutil.rmtree(out)
    rng = random.Random(0)
    done: list[str] = []
    while len(done) < kills:
        if len(done) % EARLY == EARLY - 1:
            killed = command.run(lifetime=rng.uniform(0, command.startup))
        else:
            killed = command.run(delay=rng.uniform(0, pause))
        if killed:
            done.append(killed)
            check(out)
        else:  # kills came late
            assert_equal(results(out), expected)
            shutil.rmtree(out)
    assert not command.run()
    print('\n'.join(['', f'{kills} kills', *done]))
    assert_equal(results(out), expected)


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
