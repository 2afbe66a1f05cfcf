"""Rendering many images in several processes."""

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
from .population import PlannedImage, Population
from .renderer import FaceRenderer, RenderSpec

IMAGES = 'images'
NEUTRAL = 'neutral'


@dataclass(frozen=True, eq=False)
class ImageLabels:
    """What is known about one rendered image.

    Args:
        yaw (float): Degrees, as for :class:`RenderSpec`.
        pitch (float): Degrees.
        roll (float): Degrees, of the head; the image is aligned, which
            takes it out again.
        five_points (np.ndarray): In pixels, float32 (5, 2).
        landmarks68 (np.ndarray): In pixels, float32 (68, 2).
        expression (np.ndarray): Weights on top of the resting face, in the
            order of the face model, float32 (E, ).
        resting_face (np.ndarray): Weights of the subject, float32 (E, ).
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
    """Where and how the images of a population are rendered.

    Args:
        folder (Path): Images go to ``images`` and the paired neutral images to
            ``neutral`` in it, which exist.
        population (Population): The plan.
        size (int): Side of the images in pixels.
        model (FaceModel): The face model.
    """

    folder: Path
    population: Population
    size: int
    model: FaceModel


def image_paths(image: PlannedImage) -> tuple[str, str]:
    """Files of an image and of its paired neutral image, relative to the
    folder.

    Args:
        image (PlannedImage): The image.

    Returns:
        tuple[str, str]: Paths with forward slashes.
    """
    return (f'{IMAGES}/{image.name}.png', f'{NEUTRAL}/{image.name}.png')


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


def render_subjects(job: RenderJob, subjects: Sequence[Sequence[PlannedImage]],
                    workers: int) -> Iterator[list[ImageLabels]]:
    """Render the images of subjects that are not there yet.

    A task is a subject, since a renderer remembers subjects.

    Args:
        job (RenderJob): Where and how.
        subjects (Sequence[Sequence[PlannedImage]]): Images by subject.
        workers (int): Number of processes; 0 renders in this one.

    Returns:
        Iterator[list[ImageLabels]]: Labels of the images of each subject,
        in the order of ``subjects``, those that were there already included.

    Raises:
        OSError: If an image cannot be written.
        concurrent.futures.process.BrokenProcessPool: If a process is killed.
    """
    return map_in_processes(partial(_make_worker, job), subjects, workers)


def _make_worker(job: RenderJob) -> Callable:
    """Render with one model as long as the process lives."""
    return partial(_render_subject, job, FaceRenderer(job.model))


def _render_subject(job: RenderJob, renderer: FaceRenderer,
                    images: Sequence[PlannedImage]) -> list[ImageLabels]:
    subject = job.population.subject(images[0].subject_number,
                                     len(renderer.model.identity))
    labels = []
    for image in images:
        spec = job.population.spec(image, subject, job.size)
        path, paired_neutral = (job.folder / p for p in image_paths(image))
        if not path.is_file():
            _write_image(path, renderer, spec)
        if not paired_neutral.is_file():
            if spec.expression:
                _write_image(paired_neutral, renderer, spec.neutral())
            else:
                # The paired_neutral of a neutral image is that image.
                write_rendered(paired_neutral, path.read_bytes())
        labels.append(_describe(renderer, spec))
    return labels


def _write_image(path: Path, renderer: FaceRenderer,
                 spec: RenderSpec) -> None:
    write_rendered(path, to_png(renderer.render(spec).image))


def _describe(renderer: FaceRenderer, spec: RenderSpec) -> ImageLabels:
    landmarks = renderer.landmarks68(spec)
    to_vector = renderer.model.expression_vector
    return ImageLabels(spec.yaw, spec.pitch, spec.roll,
                       five_points(landmarks), landmarks,
                       to_vector(spec.expression),
                       to_vector(spec.subject.resting_face))
