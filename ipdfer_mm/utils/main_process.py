"""Work that one of several processes does for all."""

from collections.abc import Callable
from typing import TypeVar

from mmengine.dist import broadcast_object_list, is_main_process

Result = TypeVar('Result')


def on_main_process(work: Callable[[], Result], failure: str) -> Result:
    """Do something in the first process while the others wait.

    A process group allows them to wait only so long (ten minutes with NCCL).

    Args:
        work (Callable): What to do; its result can be pickled.
        failure (str): What the other processes say if it raises.

    Returns:
        Any: The result of ``work``, in every process.

    Raises:
        RuntimeError: In the other processes, if it raised in the first.
    """
    # Tells the others that it is done, or that it never will be: a barrier
    # would leave them waiting.
    outcome: list = [None, True]
    try:
        if is_main_process():
            outcome = [work(), False]
    finally:
        broadcast_object_list(outcome)
    result, failed = outcome
    if failed:
        raise RuntimeError(failure)
    return result
