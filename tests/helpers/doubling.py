"""A task for worker processes, which must be able to import it."""

import os
import signal
from typing import NamedTuple


class Number(NamedTuple):
    value: int


class Result(NamedTuple):
    value: int


class Doubler:
    """Doubles numbers, until the system kills its process at one of them."""

    def __init__(self, fatal: int | None) -> None:
        self.fatal = fatal

    def __call__(self, numbers: list[Number]) -> list[Result]:
        if Number(self.fatal) in numbers:
            os.kill(os.getpid(), signal.SIGKILL)
        return [Result(2 * number.value) for number in numbers]
