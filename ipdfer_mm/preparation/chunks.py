"""Work on many images, chunk by chunk, in several processes and goes."""

import hashlib
import json
import logging
import os
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

import torch
from mmengine.logging import print_log
from tqdm import tqdm

from ipdfer_mm.utils.atomic import write_atomically
from ipdfer_mm.utils.processes import map_in_processes

ADVICE = 'nothing is lost: make room and run the same command again'
# Names of the files that keep results.
PART = re.compile(r'[0-9a-f]{24}\.json')

Item = TypeVar('Item', bound=NamedTuple)
Result = TypeVar('Result', bound=NamedTuple)


@dataclass(frozen=True)
class ChunkTask(Generic[Item, Result]):
    """What is done with each chunk, and where its results are kept.

    Args:
        make_worker (Callable): Makes, once in each process, the function
            from a list of items to a list of their results. It is pickled.
        result_type (type): A NamedTuple of what JSON can hold.
        holds (Callable): Whether a result that was kept still holds; if one
            does not, its chunk is done again.
        parts (Path): Folder of the results, one file for each chunk.
        key (bytes): What results depend on besides the items.
        chunk_size (int): Items of a chunk. A chunk is the least that is done
            again after a kill.
    """

    make_worker: Callable[[], Callable[[Sequence[Item]], list[Result]]]
    result_type: type[Result]
    holds: Callable[[Result], bool]
    parts: Path
    key: bytes
    chunk_size: int


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


def work_in_chunks(task: ChunkTask[Item, Result],
                   items: Sequence[Item],
                   workers: int,
                   title: str,
                   before: Callable[[], None] = lambda: None) -> list[Result]:
    """Do what is not done yet and give all results.

    Kept results of other items, or of another key, are deleted: what they
    tell of may be overwritten.

    Args:
        task (ChunkTask): What to do.
        items (Sequence[NamedTuple]): What to do it with; no two are equal.
        workers (int): Number of processes; 0 works in this one.
        title (str): What the progress bar says.
        before (Callable): Called once before anything is done, if anything
            is. Defaults to nothing.

    Returns:
        list[NamedTuple]: Results, chunk by chunk.

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
    chunks = dict(_split(task, items))
    results = {}
    for part in chunks:
        kept = _read_part(task, part)
        if kept is not None:
            results[part] = kept
    for part in task.parts.glob('*.json'):
        if part not in chunks and PART.fullmatch(part.name):
            part.unlink()
    todo = [part for part in chunks if part not in results]
    if todo:
        before()
    done = len(items) - sum(len(chunks[part]) for part in todo)
    with tqdm(total=len(items), initial=done, desc=title,
              unit='image') as progress:
        for part, result in zip(
                todo, _run(task, [chunks[part] for part in todo], workers)):
            write_atomically(part, json.dumps(result).encode(), ADVICE)
            results[part] = result
            progress.update(len(chunks[part]))
    return [result for part in chunks for result in results[part]]


def _split(task: ChunkTask[Item, Result], items: Sequence[Item]
           ) -> Iterator[tuple[Path, list[Item]]]:
    """Files for the results of chunks, and the chunks."""
    for start in range(0, len(items), task.chunk_size):
        chunk = list(items[start:start + task.chunk_size])
        key = hashlib.sha256(task.key + repr(chunk).encode()).hexdigest()
        yield task.parts / f'{key[:24]}.json', chunk


def _read_part(task: ChunkTask[Item, Result],
               part: Path) -> list[Result] | None:
    if not part.is_file():
        return None
    try:
        results = [task.result_type(*cells)
                   for cells in json.loads(part.read_bytes())]
        return results if all(map(task.holds, results)) else None
    # Not as it was written: no JSON, or other JSON.
    except (ValueError, TypeError, IndexError) as error:
        print_log(f'{part} is damaged ({error!r}); its images are done '
                  'again.', logger='current', level=logging.WARNING)
        return None


def _run(task: ChunkTask[Item, Result], chunks: Sequence[list[Item]],
         workers: int) -> Iterator[list[Result]]:
    if not chunks:
        return
    threads = torch.get_num_threads()
    # In this process, too: the same numbers as in others.
    torch.set_num_threads(1)
    try:
        yield from map_in_processes(task.make_worker, chunks, workers)
    except BrokenProcessPool as error:
        raise RuntimeError(
            'A process that works on images ended, by an error above '
            'this one, or because the system killed it, as it does when '
            'memory runs out: then run the same command with fewer '
            '--workers. What was done is kept.') from error
    finally:
        torch.set_num_threads(threads)
