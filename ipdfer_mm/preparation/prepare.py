"""Preparing a whole dataset, in several processes and in several goes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from ipdfer_mm.datasets.manifest import ALSO_IN, HEADER, REPEATED
from ipdfer_mm.utils.atomic import write_atomically
from ipdfer_mm.utils.csv_files import csv_text
from ipdfer_mm.utils.files import sha256

from .chunks import ADVICE, ChunkTask, file_stamp, work_in_chunks
from .face_choice import MEANINGS
from .head_pose import ContourPose, HeadPoseEstimator, TablePose
from .name_lists import check_flag, flag_rows, read_name_list
from .worker import ChunkResult, ChunkWorker, ImageEntry, Job

# Images of a chunk go through the detector together, and a chunk is the
# least that is done again after a kill. Fixed, so that the same images meet
# in a batch whatever was done before.
CHUNK_SIZE = 64
UNREADABLE = 'unreadable'
YAW = HEADER.index('yaw')


@dataclass(frozen=True)
class Summary:
    """What a preparation came to.

    Args:
        num_images (int): Number of rows in the manifest.
        num_without_pose (int): Number of them whose yaw is unknown.
        listed (dict[str, list[str]]): What a user should look at: lines by
            reason, the reasons of :data:`MEANINGS`, ``also_in_<split>``,
            ``'unreadable'``, and
            ``'<flag>_without_image'`` for the names of a list.
    """

    num_images: int
    num_without_pose: int
    listed: dict[str, list[str]]


def prepare(job: Job,
            images: Sequence[ImageEntry],
            dataset: str,
            workers: int,
            name_lists: Mapping[str, str] = {}) -> Summary:
    """Turn images into aligned faces and a manifest.

    Writes to ``job.out``: ``faces``, ``manifest.csv``, ``recipe.json``, one
    list of paths for each thing to look at, such as ``no_face.txt``, and
    ``parts``, from which an interrupted preparation goes on.

    Args:
        job (Job): Where and how.
        images (Sequence[ImageEntry]): The images, each once, in the order
            of the manifest.
        dataset (str): Name of the dataset, for ``recipe.json``.
        workers (int): Number of processes; 0 works in this one.
        name_lists (Mapping[str, str]): Files that name images, see
            :func:`read_name_list`, by the flag that those images get in
            the manifest.

    Returns:
        Summary: What came out.

    Raises:
        OSError: If something cannot be read or written; names the file.
        RuntimeError: If a process ended.
        ValueError: If a file of the recipe, or a list or its flag, is wrong,
            or a file of poses or landmarks has none of the images.
    """
    names = {
        check_flag(flag): read_name_list(file)
        for flag, file in name_lists.items()
    }
    estimator = job.recipe.build_pose()
    _check_pose_paths(estimator, images)
    recipe = job.recipe.describe(dataset, estimator)
    task = ChunkTask(
        partial(ChunkWorker, job), partial(_reuse, job), job.out / 'parts',
        recipe, CHUNK_SIZE)
    # An image that was replaced is another one.
    images = [
        image._replace(stamp=file_stamp(job.data_root / image.path))
        for image in images
    ]
    results = work_in_chunks(task, images, workers, f'Preparing {dataset}')
    flag_duplicates(results)
    unmatched = {
        flag: flag_rows([row for result in results for row in result.rows],
                        flag, wanted) for flag, wanted in names.items()
    }
    if name_lists:
        content = json.loads(recipe)
        content['name_lists'] = {
            flag: sha256(file) for flag, file in name_lists.items()
        }
        recipe = (json.dumps(content, indent=2) + '\n').encode()
    return _write_results(job, recipe, results, unmatched)


def flag_duplicates(results: Sequence[ChunkResult]) -> None:
    """Flag images with the same pixels as another one.

    ``also_in_<split>`` where it is in another split, ``repeated`` for the
    second and later ones of a split.

    Args:
        results (Sequence[ChunkResult]): All of them; flags are added to the
            last cell of their rows.
    """
    seen: dict[str, dict[str | None, int]] = {}
    images = [image for result in results for image in zip(
        result.rows, result.contents, result.splits)]
    for _, content, split in images:
        counts = seen.setdefault(content, {})
        counts[split] = counts.get(split, 0) + 1
    first = set()
    for row, content, split in images:
        flags = [ALSO_IN + other for other in seen[content]
                 if other not in (split, None)]
        if (content, split) in first:
            flags.append(REPEATED)
        first.add((content, split))
        row[-1] = ';'.join(filter(None, [row[-1], *flags]))


def _check_pose_paths(estimator: HeadPoseEstimator | None,
                      images: Sequence[ImageEntry]) -> None:
    """Refuse a table of other paths before hours have gone by."""
    if isinstance(estimator, (ContourPose, TablePose)) and images and (
            estimator.paths.isdisjoint(image.path for image in images)):
        theirs = next(iter(estimator.paths), 'none')
        raise ValueError(
            'The file of poses or landmarks has none of the images. Its '
            'paths must be relative to the data root, such as '
            f'{images[0].path}; it has {theirs}.')


def _reuse(job: Job, content: dict) -> ChunkResult | None:
    """Result of a chunk that needs not be done (again)."""
    result = ChunkResult(**content)
    faces = [job.data_root / row[1] for row in result.rows]
    if result.unreadable or not all(face.is_file() for face in faces):
        return None
    return result


def _write_results(job: Job, recipe: bytes, results: Sequence[ChunkResult],
                   unmatched: Mapping[str, list[str]]) -> Summary:
    listed: dict[str, list[str]] = {name: [] for name in MEANINGS}
    listed[UNREADABLE] = []
    listed.update((f'{flag}_without_image', missing)
                  for flag, missing in unmatched.items())
    rows = [row for result in results for row in result.rows]
    for row in rows:
        for flag in filter(None, row[-1].split(';')):
            if flag in MEANINGS or flag.startswith(ALSO_IN):
                listed.setdefault(flag, []).append(row[0])
    for result in results:
        listed[UNREADABLE].extend(result.unreadable)
    for name, lines in listed.items():
        text = ''.join(f'{line}\n' for line in lines)
        write_atomically(job.out / f'{name}.txt', text.encode(), ADVICE)
    write_atomically(job.out / 'recipe.json', recipe, ADVICE)
    write_atomically(job.out / 'manifest.csv',
                     csv_text([HEADER, *rows]).encode(), ADVICE)
    without_pose = sum(row[YAW] == '' for row in rows)
    return Summary(len(rows), without_pose, listed)
