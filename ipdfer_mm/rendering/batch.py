"""Rendering many pictures in several processes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from ipdfer_mm.geometry import five_points
from ipdfer_mm.utils.atomic import write_atomically
from ipdfer_mm.utils.images import to_png
from ipdfer_mm.utils.processes import map_in_processes

from .face_model import FaceModel
from .population import PlannedPicture, Population
from .renderer import FaceRenderer, RenderSpec

PICTURES = 'pictures'
NEUTRAL = 'neutral'


@dataclass(frozen=True, eq=False)
class PictureLabels:
    """What is known about one rendered picture.

    Args:
        yaw (float): Degrees, as for :class:`RenderSpec`.
        pitch (float): Degrees.
        roll (float): Degrees, of the head; the picture is aligned, which
            takes it out again.
        five_points (np.ndarray): In pixels, float32 (5, 2).
        landmarks68 (np.ndarray): In pixels, float32 (68, 2).
        expression (np.ndarray): Weights on top of the resting face, in the
            order of the face model, float32 (E, ).
        resting_face (np.ndarray): Weights of the person, float32 (E, ).
    """

    yaw: float
    pitch: float
    roll: float
    five_points: np.ndarray
    landmarks68: np.ndarray
    expression: np.ndarray
    resting_face: np.ndarray


@dataclass(frozen=True, eq=False)
class RenderJob:
    """Where and how the pictures of a population are rendered.

    Args:
        folder (Path): Pictures go to ``pictures`` and the neutral twins to
            ``neutral`` in it, which exist.
        population (Population): The plan.
        size (int): Side of the pictures in pixels.
        model (FaceModel): The face model.
    """

    folder: Path
    population: Population
    size: int
    model: FaceModel


def picture_paths(picture: PlannedPicture) -> tuple[str, str]:
    """Files of a picture and of its neutral twin, relative to the folder.

    Args:
        picture (PlannedPicture): The picture.

    Returns:
        tuple[str, str]: Paths with forward slashes.
    """
    return (f'{PICTURES}/{picture.name}.png', f'{NEUTRAL}/{picture.name}.png')


def write_rendered(path: Path, content: bytes) -> None:
    """Write a file of a rendered set, whole or not at all.

    Args:
        path (Path): The file; its folder exists.
        content (bytes): The content.

    Raises:
        OSError: If it cannot be written; the message names the file.
    """
    write_atomically(
        path, content, 'the rendered faces are not complete yet and go on '
        'from here the next time')


def render_people(job: RenderJob, people: Sequence[Sequence[PlannedPicture]],
                  workers: int) -> Iterator[list[PictureLabels]]:
    """Render the pictures of people that are not there yet.

    A task is a person, since a renderer remembers people.

    Args:
        job (RenderJob): Where and how.
        people (Sequence[Sequence[PlannedPicture]]): Pictures by person.
        workers (int): Number of processes; 0 renders in this one.

    Returns:
        Iterator[list[PictureLabels]]: Labels of the pictures of each person,
        in the order of ``people``, those that were there already included.

    Raises:
        OSError: If a picture cannot be written.
        concurrent.futures.process.BrokenProcessPool: If a process is killed.
    """
    return map_in_processes(partial(_make_worker, job), people, workers)


def _make_worker(job: RenderJob) -> Callable:
    """Render with one model as long as the process lives."""
    return partial(_render_person, job, FaceRenderer(job.model))


def _render_person(job: RenderJob, renderer: FaceRenderer,
                   pictures: Sequence[PlannedPicture]) -> list[PictureLabels]:
    person = job.population.person(pictures[0].person,
                                   len(renderer.model.identity))
    labels = []
    for picture in pictures:
        spec = job.population.spec(picture, person, job.size)
        path, twin = (job.folder / p for p in picture_paths(picture))
        if not path.is_file():
            _write_picture(path, renderer, spec)
        if not twin.is_file():
            if spec.expression:
                _write_picture(twin, renderer, spec.neutral())
            else:
                # The twin of a neutral picture is that picture.
                write_rendered(twin, path.read_bytes())
        labels.append(_describe(renderer, spec))
    return labels


def _write_picture(path: Path, renderer: FaceRenderer,
                   spec: RenderSpec) -> None:
    write_rendered(path, to_png(renderer.render(spec).image))


def _describe(renderer: FaceRenderer, spec: RenderSpec) -> PictureLabels:
    landmarks = renderer.landmarks68(spec)
    to_vector = renderer.model.expression_vector
    return PictureLabels(spec.yaw, spec.pitch, spec.roll,
                         five_points(landmarks), landmarks,
                         to_vector(spec.expression),
                         to_vector(spec.person.resting_face))
