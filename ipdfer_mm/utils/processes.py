"""Worker processes."""

import multiprocessing
import os
import threading


def exit_with_parent() -> None:
    """End this worker process when the one that started it is gone.

    Workers of a killed parent would wait for tasks forever.
    """
    threading.Thread(target=_wait_and_exit, daemon=True).start()


def _wait_and_exit() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)
