"""Folders of rendered faces: their layout, and making them.

::

    data_root
    └── train_3f0c5b7a12        <split>_<hash of all the images depend on>
        ├── recipe.json         what the hash is made of
        ├── images/person_000000_000.png ...
        ├── neutral/person_000000_000.png ...
        ├── details.npz
        └── labels.csv

A row of ``labels.csv`` is an image: ``path`` and ``neutral_path`` (relative
to the folder), ``subject``, ``expression``, ``yaw``, ``pitch`` and ``roll`` of
the head in degrees, and five points in pixels. ``details.npz`` has, in the
same order, ``landmarks68`` (float32 (N, 68, 2), pixels), ``expression``
(float32 (N, E), weights of the face model's shapes on top of the resting
face), ``resting_face`` (float32 (N, E)) and ``expression_names`` (E).

``labels.csv`` is written last: where it stands, the folder was complete.
"""

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from itertools import chain, groupby
from operator import attrgetter
from pathlib import Path

import numpy as np
from mmengine.logging import print_log
from tqdm import tqdm

from ipdfer_mm.geometry.five_points import POINT_COLUMNS
from ipdfer_mm.rendering import (
    RENDERING_VERSION,
    FaceModel,
    Population,
    parametric_head,
)
from ipdfer_mm.rendering.batch import (
    IMAGES,
    NEUTRAL,
    ImageLabels,
    RenderJob,
    image_paths,
    render_subjects,
    write_rendered,
)
from ipdfer_mm.rendering.population import PlannedImage
from ipdfer_mm.utils.csv_files import csv_text
from ipdfer_mm.utils.files import missing_files

LABELS = 'labels.csv'
DETAILS = 'details.npz'
COLUMNS = ('path', 'neutral_path', 'subject', 'expression', 'yaw', 'pitch',
           'roll', *POINT_COLUMNS)
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
    folder = Path(data_root, _folder_name(population, recipe)).absolute()
    images = population.plan()
    paths = list(chain.from_iterable(map(image_paths, images)))
    unlabeled = missing_files(
        [str(folder / name) for name in (LABELS, DETAILS)])
    missing = set(missing_files(str(folder / path) for path in paths))
    if not unlabeled and not missing:
        return folder

    model = (parametric_head() if face_model is None else
             FaceModel.load(face_model))
    _make_folders(folder)
    write_rendered(folder / 'recipe.json',
                   (json.dumps(recipe, indent=2) + '\n').encode())
    subjects = [
        subject for subject in _by_subject(images) if unlabeled or any(
            str(folder / path) in missing for image in subject
            for path in image_paths(image))
    ]
    print_log(f'Rendering {len(missing)} of {len(paths)} images into '
              f'{folder}.', logger='current')
    labels = list(tqdm(
        render_subjects(
            RenderJob(folder, population, size, model), subjects, workers),
        total=len(subjects), unit='subject', disable=None))
    if unlabeled:
        _write_labels(folder, model.expression_names, images,
                      list(chain.from_iterable(labels)))
    return folder


def folder_name(population: Population,
                size: int,
                face_model: str | None = None) -> str:
    """Name of the folder that :func:`render_folder` makes.

    Args:
        population (Population): Subjects and images.
        size (int): Side of the images in pixels.
        face_model (str, optional): File of the face model.

    Returns:
        str: ``<split>_<hash>``.

    Raises:
        FileNotFoundError: If the face model does not exist.
    """
    return _folder_name(population, _recipe(population, size, face_model))


def _recipe(population: Population, size: int,
            face_model: str | None) -> dict:
    model = 'built-in'
    if face_model is not None:
        try:
            content = Path(face_model).read_bytes()
        except FileNotFoundError:
            raise FileNotFoundError(
                f'The face model {face_model} does not exist. Make it with '
                'tools/dataset_converters/ict_facekit.py from a checkout of '
                'ICT-FaceKit, or set face_model=None for the built-in head.'
            ) from None
        model = hashlib.sha256(content).hexdigest()
    return dict(**asdict(population), size=size, face_model=model,
                rendering_version=RENDERING_VERSION)


def _folder_name(population: Population, recipe: dict) -> str:
    text = json.dumps(recipe, sort_keys=True)
    key = hashlib.sha256(text.encode()).hexdigest()[:10]
    return f'{population.split}_{key}'


def _make_folders(folder: Path) -> None:
    try:
        for name in (IMAGES, NEUTRAL):
            (folder / name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(
            error.errno, f'{error.strerror}; faces are rendered into this '
            'folder: choose a data_root that can be written',
            str(folder)) from error


def _by_subject(
        images: list[PlannedImage]) -> list[list[PlannedImage]]:
    return [list(group)
            for _, group in groupby(images, attrgetter('subject'))]


def _write_labels(folder: Path, expression_names: Sequence[str],
                  images: list[PlannedImage],
                  labels: list[ImageLabels]) -> None:
    details = {
        name: np.stack([getattr(label, name) for label in labels])
        for name in ('landmarks68', 'expression', 'resting_face')
    }
    packed = io.BytesIO()
    np.savez(
        packed, expression_names=np.array(expression_names), **details)
    write_rendered(folder / DETAILS, packed.getvalue())
    rows = [(*image_paths(image), image.subject, image.expression,
             label.yaw, label.pitch, label.roll,
             *(f'{value:.3f}' for value in label.five_points.ravel()))
            for image, label in zip(images, labels)]
    write_rendered(folder / LABELS, csv_text([COLUMNS, *rows]).encode())
