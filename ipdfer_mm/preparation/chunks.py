"""Work on many images, chunk by chunk, in several processes and goes."""

import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, NamedTuple, Optional, TypeVar

import torch
from mmengine.logging import print_log
from tqdm import tqdm

from ipdfer_mm.utils.atomic import write_atomically
from ipdfer_mm.utils.processes import map_in_processes

ADVICE = 'nothing is lost: make room and run the same command again'

Item = TypeVar('Item', bound=NamedTuple)
Result = TypeVar('Result', bound=NamedTuple)


@dataclass(frozen=True)
class ChunkTask(Generic[Item, Result]):
    """What is done with each chunk, and where its result is kept.

    Args:
        make_worker (Callable): Makes, once in each process, the function
            from a list of items to a result. It is pickled.
        reuse (Callable): Gives the result from the content of its file, or
            None if the chunk must be done again.
        parts (Path): Folder of the results, one file for each chunk.
        key (bytes): What results depend on besides the items.
        chunk_size (int): Items of a chunk. A chunk is the least that is done
            again after a kill.
    """

    make_worker: Callable[[], Callable[[Sequence[Item]], Result]]
    reuse: Callable[[dict], Result | None]
    parts: Path
    key: bytes
    chunk_size: int


class Chunk(NamedTuple):
    """Some of the items.

    Attributes:
        items (list): The items.
        done (Path): File that holds the result once it is there. Its name
            depends on the task's key and the items.
    """

    items: list
    done: Path


def file_stamp(path: Path) -> tuple[int, int] | None:
    """What tells that a file was replaced.

    Args:
        path (Path): The file.

    Returns:
        tuple[int, int] | None: Its bytes, and the time of its last change in
        ns; None if it is missing.
    """
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return status.st_size, status.st_mtime_ns


def work_in_chunks(task: ChunkTask, items: Sequence, workers: int,
                   title: str) -> list:
    """Do what is not done yet and give the results of all chunks.

    Kept results of other items, or of another key, are deleted: what they
    tell of may be overwritten.

    Args:
        task (ChunkTask): What to do.
        items (Sequence[NamedTuple]): What to do it with; no two are equal.
        workers (int): Number of processes; 0 works in this one.
        title (str): What the progress bar says.

    Returns:
        list[NamedTuple]: Results in the order of the chunks.

    Raises:
        OSError: If a result cannot be written; names the file.
        RuntimeError: If a process ended.
    """
    try:
        task.parts.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(
            error.errno, f'{error.strerror}; name a folder that can be '
            'written with --out', str(task.parts)) from error
    chunks = list(_split(task, items))
    results = {chunk.done: _read_done(task, chunk) for chunk in chunks}
    for part in task.parts.glob('*.json'):
        if part not in results:
            part.unlink()
    todo = [chunk for chunk in chunks if results[chunk.done] is None]
    with tqdm(
            total=len(items),
            initial=len(items) - sum(len(c.items) for c in todo),
            desc=title,
            unit='image') as progress:
        for chunk, result in zip(todo, _run(task, todo, workers)):
            content = json.dumps(result._asdict()).encode()
            write_atomically(chunk.done, content, ADVICE)
            results[chunk.done] = result
            progress.update(len(chunk.items))
    return [results[chunk.done] for chunk in chunks]


def _split(task: ChunkTask, items: Sequence) -> Iterator[Chunk]:
    for start in range(0, len(items), task.chunk_size):
        part = list(items[start:start + task.chunk_size])
        key = hashlib.sha256(task.key + repr(part).encode()).hexdigest()[:24]
        yield Chunk(part, task.parts / f'{key}.json')


def _read_done(task: ChunkTask, chunk: Chunk) -> Optional[NamedTuple]:
    if not chunk.done.is_file():
        return None
    try:
        content = json.loads(chunk.done.read_bytes())
        return task.reuse(content)
    # Not as it was written: no JSON, or other JSON.
    except (ValueError, TypeError, KeyError, IndexError) as error:
        print_log(f'{chunk.done} is damaged ({error!r}); its images are '
                  'done again.', logger='current', level=logging.WARNING)
        return None


def _run(task: ChunkTask, chunks: Sequence[Chunk],
         workers: int) -> Iterator[NamedTuple]:
    parts = [chunk.items for chunk in chunks]
    if not chunks:
        return
    if workers == 0:
        threads = torch.get_num_threads()
        # The same numbers as in the processes below.
        torch.set_num_threads(1)
        try:
            yield from map_in_processes(task.make_worker, parts, 0)
        finally:
            torch.set_num_threads(threads)
        return
    try:
        yield from map_in_processes(task.make_worker, parts, workers)
    except BrokenProcessPool as error:
        raise RuntimeError(
            'A process that works on images ended, by an error above '
            'this one, or because the system killed it, as it does when '
            'memory runs out: then run the same command with fewer '
            '--workers. What was done is kept.') from error
