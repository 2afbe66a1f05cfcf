"""Preparing a whole dataset, in several processes and in several goes."""

import json
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ipdfer_mm.datasets.manifest import ALSO_IN, HEADER, REPEATED
from ipdfer_mm.utils.atomic import write_atomically
from ipdfer_mm.utils.csv_files import csv_text, read_table
from ipdfer_mm.utils.files import sha256

from .chunks import ADVICE, ChunkTask, file_stamp, work_in_chunks
from .face_choice import MEANINGS
from .head_pose import HeadPoseEstimator, TablePose
from .name_lists import add_flags, check_flag, flag_rows, read_name_list
from .worker import ChunkWorker, ImageEntry, Job, PreparedImage

# Images of a chunk go through the detector together, and a chunk is the
# least that is done again after a kill. Fixed, so that the same images meet
# in a batch whatever was done before.
CHUNK_SIZE = 64
UNREADABLE = 'unreadable'
WITHOUT_IMAGE = '_without_image'
MANIFEST = 'manifest.csv'
OLD_MANIFEST = 'manifest_before.csv'
RECIPE = 'recipe.json'
ALIGNED = HEADER[1]
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
    ``parts``, from which an interrupted preparation goes on. While it works
    there is no manifest, since that of an earlier one would tell of other
    faces; what an earlier one wrote and this one does not is deleted.

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
        partial(ChunkWorker, job), PreparedImage, partial(_is_kept, job),
        job.out / 'parts', _to_json(recipe), CHUNK_SIZE)
    # An image that was replaced is another one.
    images = [
        image._replace(stamp=file_stamp(job.data_root / image.path))
        for image in images
    ]
    results = work_in_chunks(task, images, workers, f'Preparing {dataset}',
                             partial(_set_aside, job.out))
    prepared = [result for result in results if not result.fault]
    flag_duplicates(prepared, {image.path: image.split for image in images})
    rows = [image.row for image in prepared]
    listed = {UNREADABLE: [
        result.fault for result in results if result.fault]}
    for flag, wanted in names.items():
        listed[f'{flag}{WITHOUT_IMAGE}'] = flag_rows(rows, flag, wanted)
    if name_lists:
        recipe['name_lists'] = {
            flag: sha256(file) for flag, file in name_lists.items()
        }
    return _write_results(job, recipe, rows, listed)


def flag_duplicates(images: Sequence[PreparedImage],
                    splits: Mapping[str, str | None]) -> None:
    """Flag images with the same pixels as another one.

    ``also_in_<split>`` where it is in another split, ``repeated`` for the
    second and later ones of a split.

    Args:
        images (Sequence[PreparedImage]): All of them; flags are added to the
            last cell of their rows.
        splits (Mapping[str, str | None]): The split of each by its path.
    """
    found = defaultdict(list)
    for row, content, _ in images:
        found[content].append(splits[row[0]])
    seen = set()
    for row, content, _ in images:
        split = splits[row[0]]
        add_flags(row, [
            ALSO_IN + other for other in dict.fromkeys(found[content])
            if other not in (split, None)])
        if (content, split) in seen:
            add_flags(row, [REPEATED])
        seen.add((content, split))


def _check_pose_paths(estimator: HeadPoseEstimator | None,
                      images: Sequence[ImageEntry]) -> None:
    """Refuse a table of other paths before hours have gone by."""
    if isinstance(estimator, TablePose) and images and (
            estimator.angles.keys().isdisjoint(
                image.path for image in images)):
        theirs = next(iter(estimator.angles), 'none')
        raise ValueError(
            'The file of poses or landmarks has none of the images. Its '
            'paths must be relative to the data root, such as '
            f'{images[0].path}; it has {theirs}.')


def _is_kept(job: Job, image: PreparedImage) -> bool:
    """Whether an image needs not be done (again)."""
    return not image.fault and (job.data_root / image.row[1]).is_file()


def _set_aside(out: Path) -> None:
    """Keep an old manifest only for the names of its faces."""
    if (out / MANIFEST).is_file():
        os.replace(out / MANIFEST, out / OLD_MANIFEST)
    (out / RECIPE).unlink(missing_ok=True)


def _delete_old_faces(job: Job, rows: Sequence[list[str]]) -> None:
    """Delete the faces of an earlier manifest that no row has."""
    kept = {row[1] for row in rows}
    for manifest in (job.out / OLD_MANIFEST, job.out / MANIFEST):
        if not manifest.is_file():
            continue
        try:
            named = {cells[ALIGNED] for _, cells in read_table(
                manifest, [ALIGNED])}
        except ValueError:  # damaged: nobody knows what it named
            continue
        for path in named - kept:
            face = job.data_root / path
            if face.resolve().is_relative_to(job.out.resolve() / 'faces'):
                face.unlink(missing_ok=True)


def _to_json(recipe: dict) -> bytes:
    return (json.dumps(recipe, indent=2) + '\n').encode()


def _write_results(job: Job, recipe: dict, rows: Sequence[list[str]],
                   others: Mapping[str, list[str]]) -> Summary:
    listed: dict[str, list[str]] = {name: [] for name in MEANINGS}
    listed.update(others)
    for row in rows:
        for flag in filter(None, row[-1].split(';')):
            if flag in MEANINGS or flag.startswith(ALSO_IN):
                listed.setdefault(flag, []).append(row[0])
    for name, lines in listed.items():
        text = ''.join(f'{line}\n' for line in lines)
        write_atomically(job.out / f'{name}.txt', text.encode(), ADVICE)
    for pattern in (f'{ALSO_IN}*.txt', f'*{WITHOUT_IMAGE}.txt'):
        for path in job.out.glob(pattern):
            if path.stem not in listed:
                path.unlink()
    _delete_old_faces(job, rows)
    write_atomically(job.out / RECIPE, _to_json(recipe), ADVICE)
    write_atomically(job.out / MANIFEST,
                     csv_text([HEADER, *rows]).encode(), ADVICE)
    (job.out / OLD_MANIFEST).unlink(missing_ok=True)
    without_pose = sum(row[YAW] == '' for row in rows)
    return Summary(len(rows), without_pose, listed)
