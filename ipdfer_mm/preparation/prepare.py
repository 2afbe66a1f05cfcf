"""Preparing a whole data set, in several processes and in several goes."""

import csv
import hashlib
import io
import json
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import torch
from tqdm import tqdm

from ipdfer_mm.datasets.manifest import HEADER
from ipdfer_mm.utils.atomic import write_atomically

from .face_choice import MEANINGS
from .worker import ADVICE, ChunkResult, ChunkWorker, Job, Picture

# Pictures of a chunk go through the detector together, and a chunk is the
# least that is done again after a kill. Fixed, so that the same pictures meet
# in a batch whatever was done before.
CHUNK_SIZE = 64
UNREADABLE = 'unreadable'


class Chunk(NamedTuple):
    """A part of the pictures.

    Attributes:
        pictures (list[Picture]): The pictures.
        done (Path): File that holds the result once it is there. Its name
            depends on recipe and pictures.
    """

    pictures: list[Picture]
    done: Path


@dataclass(frozen=True)
class Summary:
    """What a preparation came to.

    Args:
        num_pictures (int): Number of rows in the manifest.
        listed (dict[str, list[str]]): What a user should look at: lines by
            reason, the reasons of :data:`MEANINGS` and ``'unreadable'``.
    """

    num_pictures: int
    listed: dict[str, list[str]]


def prepare(job: Job, pictures: Sequence[Picture], dataset: str,
            workers: int) -> Summary:
    """Turn pictures into aligned faces and a manifest.

    Writes to ``job.out``: ``faces``, ``manifest.csv``, ``recipe.json``, one
    list of paths for each thing to look at, such as ``no_face.txt``, and
    ``parts``, from which an interrupted preparation goes on.

    Args:
        job (Job): Where and how.
        pictures (Sequence[Picture]): The pictures, each once, in the order
            of the manifest.
        dataset (str): Name of the data set, for ``recipe.json``.
        workers (int): Number of processes; 0 works in this one.

    Returns:
        Summary: What came out.

    Raises:
        OSError: If something cannot be written; names the file.
        ValueError: If a file of the recipe is wrong.
    """
    estimator = job.recipe.build_pose()
    recipe = job.recipe.describe(dataset, estimator)
    (job.out / 'parts').mkdir(parents=True, exist_ok=True)
    chunks = list(_split(job, pictures, recipe))
    results = {chunk.done: _read_done(job, chunk) for chunk in chunks}
    todo = [chunk for chunk in chunks if results[chunk.done] is None]
    with tqdm(
            total=len(pictures),
            initial=len(pictures) - sum(len(c.pictures) for c in todo),
            desc=f'Preparing {dataset}',
            unit='picture') as progress:
        for chunk, result in zip(todo, _run(job, todo, workers)):
            write_atomically(chunk.done, result.to_json(), ADVICE)
            results[chunk.done] = result
            progress.update(len(chunk.pictures))
    return _write_results(job, recipe, [results[c.done] for c in chunks])


def _split(job: Job, pictures: Sequence[Picture],
           recipe: bytes) -> Iterator[Chunk]:
    for start in range(0, len(pictures), CHUNK_SIZE):
        part = list(pictures[start:start + CHUNK_SIZE])
        key = hashlib.sha256(recipe + repr(part).encode()).hexdigest()[:24]
        yield Chunk(part, job.out / 'parts' / f'{key}.json')


def _read_done(job: Job, chunk: Chunk) -> ChunkResult | None:
    """Result of a chunk that needs not be done (again)."""
    if not chunk.done.is_file():
        return None
    result = ChunkResult(**json.loads(chunk.done.read_bytes()))
    faces = [job.data_root / row[1] for row in result.rows]
    if result.unreadable or not all(face.is_file() for face in faces):
        return None
    return result


def _run(job: Job, chunks: Sequence[Chunk],
         workers: int) -> Iterator[ChunkResult]:
    pictures = [chunk.pictures for chunk in chunks]
    if not chunks:
        return
    if workers == 0:
        threads = torch.get_num_threads()
        # The same numbers as in the processes below.
        torch.set_num_threads(1)
        try:
            yield from map(ChunkWorker(job), pictures)
        finally:
            torch.set_num_threads(threads)
        return
    with ProcessPoolExecutor(
            min(workers, len(chunks)),
            multiprocessing.get_context('spawn'),
            initializer=_start_worker,
            initargs=(job, )) as pool:
        try:
            yield from pool.map(_work, pictures)
        except BaseException:  # also Ctrl-C
            pool.shutdown(cancel_futures=True)
            raise


_WORKER: ChunkWorker


def _start_worker(job: Job) -> None:
    global _WORKER
    # One process for each core is faster than threads in small networks.
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    _WORKER = ChunkWorker(job)


def _work(pictures: list[Picture]) -> ChunkResult:
    return _WORKER(pictures)


def _write_results(job: Job, recipe: bytes,
                   results: Sequence[ChunkResult]) -> Summary:
    listed: dict[str, list[str]] = {name: [] for name in MEANINGS}
    listed[UNREADABLE] = []
    table = io.StringIO()
    writer = csv.writer(table, lineterminator='\n')
    writer.writerow(HEADER)
    count = 0
    for result in results:
        writer.writerows(result.rows)
        count += len(result.rows)
        for row in result.rows:
            for flag in filter(None, row[-1].split(';')):
                listed[flag].append(row[0])
        listed[UNREADABLE].extend(result.unreadable)
    for name, lines in listed.items():
        text = ''.join(f'{line}\n' for line in lines)
        write_atomically(job.out / f'{name}.txt', text.encode(), ADVICE)
    write_atomically(job.out / 'recipe.json', recipe, ADVICE)
    write_atomically(job.out / 'manifest.csv',
                     table.getvalue().encode(), ADVICE)
    return Summary(count, listed)
