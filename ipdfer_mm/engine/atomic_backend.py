"""Checkpoints that are whole or not there."""

import os
from pathlib import Path
from typing import Union

from mmengine.fileio import LocalBackend, register_backend


class AtomicLocalBackend(LocalBackend):
    """A local file backend that never leaves half a file behind.

    Files are written beside their place, flushed to the disk and renamed, so
    a killed process or a full disk leaves the old file or none. (A process
    that is killed outright also leaves a hidden ``.partial`` file, which can
    be deleted.) Used by
    ``CheckpointHook(backend_args=dict(backend='AtomicLocalBackend'))``.
    """

    def put(self, obj: bytes, filepath: Union[str, Path]) -> None:
        """Write bytes to a file.

        Args:
            obj (bytes): The content.
            filepath (str or Path): Where to; folders are made.

        Raises:
            OSError: If the folder cannot be written or the disk is full; the
                message names the file.
        """
        path = Path(filepath)
        partial = path.with_name(f'.{path.name}.{os.getpid()}.partial')
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._write(obj, partial, path)
        except OSError as error:
            raise OSError(
                error.errno,
                f'{error.strerror or error}; the checkpoint was not written. '
                'Free space or choose another --work-dir, and resume',
                str(path)) from error

    @staticmethod
    def _write(obj: bytes, partial: Path, path: Path) -> None:
        try:
            with open(partial, 'wb') as file:
                file.write(obj)
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, path)
        except BaseException:  # also Ctrl-C
            partial.unlink(missing_ok=True)
            raise


register_backend('AtomicLocalBackend', AtomicLocalBackend)
