"""Checkpoints that are whole or not there."""

from pathlib import Path

from mmengine.fileio import LocalBackend, register_backend

from ipdfer_mm.utils.atomic import write_atomically

ADVICE = ('the checkpoint was not written. Free space or choose another '
          '--work-dir, and resume')


class AtomicLocalBackend(LocalBackend):
    """A local file backend that never leaves half a file behind.

    Files are written beside their place, flushed to the disk and renamed, so
    a killed process or a full disk leaves the old file or none, see
    :func:`ipdfer_mm.utils.atomic.renamed_when_done`. Used by
    ``CheckpointHook(backend_args=dict(backend='AtomicLocalBackend'))``.
    """

    def put(self, obj: bytes, filepath: str | Path) -> None:
        """Write bytes to a file.

        Args:
            obj (bytes): The content.
            filepath (str or Path): Where to; folders are made.

        Raises:
            OSError: If the folder cannot be written or the disk is full; the
                message names the file.
        """
        write_atomically(Path(filepath), obj, ADVICE, sync=True)


register_backend('AtomicLocalBackend', AtomicLocalBackend)
