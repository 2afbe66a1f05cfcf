"""Folders of rendered faces: their layout, and making them.

::

    data_root
    └── train_3f0c5b7a12        <split>_<hash of all the images depend on>
        ├── recipe.json         what the hash is made of
        ├── images/person_000000_000.png ...
        ├── neutral/person_000000_000.png ...
        └── labels.csv

A row of ``labels.csv`` is an image: ``path`` and ``neutral_path`` (relative
to the folder), ``subject``, ``expression``, ``yaw``, ``pitch`` and ``roll`` of
the head in degrees, and five points in pixels.

``labels.csv`` is written last: where it stands, the folder was complete.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from functools import partial
from itertools import chain, groupby
from operator import attrgetter
from pathlib import Path

from mmengine.logging import print_log
from tqdm import tqdm

from ipdfer_mm.rendering import RENDERING_VERSION, FaceModel, Population
from ipdfer_mm.rendering.batch import (
    COLUMNS,
    IMAGES,
    NEUTRAL,
    SubjectRenderer,
    image_paths,
    write_rendered,
)
from ipdfer_mm.rendering.face_model import BUILT_IN
from ipdfer_mm.rendering.population import PlannedImage
from ipdfer_mm.utils.csv_files import csv_text
from ipdfer_mm.utils.files import missing_files, sha256
from ipdfer_mm.utils.processes import map_in_processes

LABELS = 'labels.csv'
# Below this side no face can be made out.
MIN_SIZE = 16


def render_folder(data_root: str,
                  population: Population,
                  size: int,
                  face_model: str | None = None,
                  workers: int = 4) -> Path:
    """Render what is missing of a population, with labels.

    Can be killed and started again, and run twice at the same time. With
    workers, the main module of the program must be importable without side
    effects (``if __name__ == '__main__'``), as processes are spawned.

    Args:
        data_root (str): Folder for all rendered datasets.
        population (Population): Subjects and images.
        size (int): Side of the images in pixels, at least 16.
        face_model (str, optional): File as for :meth:`FaceModel.load`. None
            is the built-in head.
        workers (int): Number of processes; 0 renders in this one.

    Returns:
        Path: The folder of the population in ``data_root``.

    Raises:
        FileNotFoundError: If the face model does not exist.
        OSError: If the folder or an image cannot be written.
        ValueError: If an argument is out of range or the face model is none.
    """
    if size < MIN_SIZE:
        raise ValueError(f'The size of images is {size}, but must be at '
                         f'least {MIN_SIZE}.')
    if workers < 0:
        raise ValueError(f'The number of workers is {workers}, but must not '
                         'be negative.')
    recipe = _recipe(population, size, face_model)
    folder = Path(data_root, _folder_name(recipe)).absolute()
    subjects = [list(images) for _, images in groupby(
        population.plan(), attrgetter('subject'))]
    missing = set(missing_files(
        _files(folder, chain.from_iterable(subjects))))
    is_labeled = (folder / LABELS).is_file()
    if is_labeled and not missing:
        return folder
    if is_labeled:
        subjects = [images for images in subjects
                    if not missing.isdisjoint(_files(folder, images))]
    model = FaceModel.load(face_model or BUILT_IN)
    _make_folders(folder, recipe)
    print_log(f'Rendering {len(missing)} of {2 * population.num_images} '
              f'images into {folder}.', logger='current')
    worker = partial(SubjectRenderer, folder, population, size, model)
    rows = list(tqdm(
        map_in_processes(worker, subjects, workers),
        total=len(subjects), unit='subject', disable=None))
    if not is_labeled:
        text = csv_text([COLUMNS, *chain.from_iterable(rows)])
        write_rendered(folder / LABELS, text.encode())
    return folder


def _files(folder: Path, images: Iterable[PlannedImage]) -> list[str]:
    return [str(folder / path) for image in images
            for path in image_paths(image)]


def _recipe(population: Population, size: int,
            face_model: str | None) -> dict:
    try:
        model = sha256(face_model) if face_model else 'built-in'
    except FileNotFoundError:
        raise FileNotFoundError(
            f'The face model {face_model} does not exist. Make it with '
            'tools/dataset_converters/ict_facekit.py from a checkout of '
            'ICT-FaceKit, or set face_model=None for the built-in head.'
        ) from None
    return dict(**asdict(population), size=size, face_model=model,
                rendering_version=RENDERING_VERSION)


def _folder_name(recipe: dict) -> str:
    text = json.dumps(recipe, sort_keys=True)
    key = hashlib.sha256(text.encode()).hexdigest()[:10]
    return f'{recipe["split"]}_{key}'


def _make_folders(folder: Path, recipe: dict) -> None:
    try:
        for name in (IMAGES, NEUTRAL):
            (folder / name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(
            error.errno, f'{error.strerror}; faces are rendered into this '
            'folder: choose a data_root that can be written',
            str(folder)) from error
    write_rendered(folder / 'recipe.json',
                   (json.dumps(recipe, indent=2) + '\n').encode())
