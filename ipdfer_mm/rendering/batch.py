"""Rendering the images of a population into a folder."""

from collections.abc import Sequence
from pathlib import Path

from ipdfer_mm.geometry import five_points
from ipdfer_mm.geometry.five_points import POINT_COLUMNS
from ipdfer_mm.utils.atomic import write_atomically
from ipdfer_mm.utils.images import to_png

from .face_model import FaceModel
from .population import PlannedImage, Population
from .renderer import FaceRenderer, RenderSpec

IMAGES = 'images'
NEUTRAL = 'neutral'
# What is known of an image. Its roll is that of the head: the image is
# aligned, which takes it out again.
COLUMNS = ('path', 'neutral_path', 'subject', 'expression', 'yaw', 'pitch',
           'roll', *POINT_COLUMNS)


def image_paths(image: PlannedImage) -> tuple[str, str]:
    """Files of an image and its paired neutral image, as in the folder.

    Args:
        image (PlannedImage): The image.

    Returns:
        tuple[str, str]: Paths with forward slashes.
    """
    return (f'{IMAGES}/{image.name}.png', f'{NEUTRAL}/{image.name}.png')


def write_rendered(path: Path, content: bytes) -> None:
    """Write a file of a rendered dataset, whole or not at all.

    Args:
        path (Path): The file; its folder exists.
        content (bytes): The content.

    Raises:
        OSError: If it cannot be written; the message names the file.
    """
    write_atomically(
        path, content, 'the rendered faces are not complete yet and go on '
        'from here the next time')


class SubjectRenderer:
    """Renders one subject after the other; one for each process.

    Args:
        folder (Path): Images go to ``images`` and the paired neutral images to
            ``neutral`` in it, which exist.
        population (Population): The plan.
        size (int): Side of the images in pixels.
        model (FaceModel): The face model.
    """

    def __init__(self, folder: Path, population: Population, size: int,
                 model: FaceModel) -> None:
        self.folder = folder
        self.population = population
        self.size = size
        self.renderer = FaceRenderer(model)

    def __call__(self, images: Sequence[PlannedImage]) -> list[tuple]:
        """Render the images of a subject that are not there yet.

        Args:
            images (Sequence[PlannedImage]): All images of the subject.

        Returns:
            list[tuple]: :data:`COLUMNS` of each, also of those that were
            there already.

        Raises:
            OSError: If an image cannot be written.
        """
        subject = self.population.subject(
            images[0].subject_number, len(self.renderer.model.identity))
        rows = []
        for image in images:
            spec = self.population.spec(image, subject, self.size)
            name, neutral_name = image_paths(image)
            self._write_missing(
                self.folder / name, self.folder / neutral_name, spec)
            points = five_points(self.renderer.landmarks68(spec))
            rows.append((name, neutral_name, image.subject, image.expression,
                         spec.yaw, spec.pitch, spec.roll,
                         *(f'{value:.3f}' for value in points.ravel())))
        return rows

    def _write_missing(self, path: Path, paired_neutral: Path,
                       spec: RenderSpec) -> None:
        if not path.is_file():
            write_rendered(path, self._draw(spec))
        if not paired_neutral.is_file():
            # A neutral image is its own paired neutral.
            write_rendered(
                paired_neutral, self._draw(spec.neutral())
                if spec.expression else path.read_bytes())

    def _draw(self, spec: RenderSpec) -> bytes:
        return to_png(self.renderer.render(spec).image)
