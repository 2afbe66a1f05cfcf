"""Worker processes."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import cv2
import torch

_WORKER: Callable[[Any], Any]


def map_in_processes(make_worker: Callable[[], Callable], tasks: Sequence,
                     workers: int) -> Iterator:
    """Do tasks in several processes.

    Processes are spawned, not forked: the caller may run threads or use a
    GPU.

    Args:
        make_worker (Callable): Makes, once in each process, the function from
            a task to its result. It is pickled.
        tasks (Sequence): What to do.
        workers (int): Number of processes; 0 works in this one.

    Yields:
        Any: Results in the order of the tasks.

    Raises:
        concurrent.futures.process.BrokenProcessPool: If a process is killed.
    """
    if workers == 0:
        yield from map(make_worker(), tasks)
        return
    with ProcessPoolExecutor(
            min(workers, len(tasks)),
            multiprocessing.get_context('spawn'),
            initializer=_start_worker,
            initargs=(make_worker, )) as pool:
        try:
            yield from pool.map(_work, tasks)
        except BaseException:  # also Ctrl-C
            pool.shutdown(cancel_futures=True)
            raise


def _start_worker(make_worker: Callable[[], Callable]) -> None:
    global _WORKER
    # Workers of a killed parent would wait for tasks forever.
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    # Ctrl-C goes to all processes; the first one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # One process for each core is faster than threads in small networks.
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    _WORKER = make_worker()


def _exit_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)


def _work(task: Any) -> Any:
    return _WORKER(task)
