"""From images to annotated images and tables.

Nothing is kept in memory but what is being worked on, and Ctrl-C keeps what
was done so far.
"""

import csv
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from mmengine.logging import print_log
from tqdm import tqdm

from ipdfer_mm.apis.face_drawing import draw_faces, shrink
from ipdfer_mm.utils.atomic import renamed_when_done, write_atomically

from .following import SMOOTH
from .inferencer import ExpressionInferencer
from .results import ImageResult, face_cells, face_columns

ADVICE = 'choose another folder'
IMAGES = 'images'
# Of the format, in pixels; it has a little more.
MAX_JPEG_SIDE = 65500


@dataclass(frozen=True)
class AnnotationJob:
    """How images and videos are annotated.

    Args:
        inferencer (ExpressionInferencer): Finds and recognizes the faces.
        out (Path): Folder of the results.
        batch_size (int): Images, or frames, at once.
        aligned (bool): Whether images are aligned faces already.
        synthesis (bool): Whether to draw the synthesized faces, too.
        smooth (float): Seconds over which the expressions of a video are
            smoothed, see :class:`ExpressionSmoother`; 0 for none.
        subjects (bool): Whether to join the tracks of a video that show the
            same subject, see :class:`SubjectJoiner`.
    """

    inferencer: ExpressionInferencer
    out: Path
    batch_size: int = 16
    aligned: bool = False
    synthesis: bool = False
    smooth: float = SMOOTH
    subjects: bool = False


@dataclass
class Summary:
    """What an annotation came to.

    Args:
        num_done (int): Images or frames that were read.
        num_faces (int): Faces in them.
        without_face (int): Images or frames without a face.
        num_tracks (int): Faces that a video shows, each counted once as far
            as it can be followed.
        num_subjects (int): Subjects that it shows, if tracks are joined.
        errors (list[str]): Why files could not be read or written, or a
            video ended early; each names the file.
        interrupted (bool): Whether Ctrl-C ended it.
    """

    num_done: int = 0
    num_faces: int = 0
    without_face: int = 0
    num_tracks: int = 0
    num_subjects: int = 0
    errors: list[str] = field(default_factory=list)
    interrupted: bool = False

    def count(self, result: ImageResult) -> None:
        """Count an image or frame."""
        if result.error is not None:
            self.errors.append(result.error)
            return
        self.num_done += 1
        self.num_faces += len(result.faces)
        self.without_face += not result.faces


def without_results(images: Sequence[Path], out: Path) -> list[Path]:
    """Leave out the annotated images of an earlier run.

    Args:
        images (Sequence[Path]): What was found in the folders of the user.
        out (Path): Folder of the results, which may be one of them.

    Returns:
        list[Path]: Those that are not below its folder ``images``.

    Raises:
        ValueError: If no other is left.
    """
    results = (out / IMAGES).resolve()
    kept = [path for path in images
            if results not in path.resolve().parents]
    if len(kept) < len(images):
        print_log(f'{len(images) - len(kept)} annotated images of an '
                  f'earlier run, in {out / IMAGES}, are left out.',
                  logger='current')
    if images and not kept:
        raise ValueError(f'All images are in {out / IMAGES}, where '
                         'annotated ones are written; choose another folder '
                         'of results.')
    return kept


def annotate_images(job: AnnotationJob, paths: Sequence[Path]) -> Summary:
    """Write ``results.json``, ``results.csv`` and annotated images.

    The annotated images are in ``images``; they have the names of the
    others with ``.jpg`` behind, in the folders that those have below their
    common one; one that cannot be written is among the errors. An image
    without a face has a row without cells.

    Args:
        job (AnnotationJob): How and where to.
        paths (Sequence[Path]): Files.

    Returns:
        Summary: What was done.

    Raises:
        KeyboardInterrupt: If Ctrl-C came before anything was done.
        OSError: If the tables cannot be written; names the file.
    """
    paths = list(dict.fromkeys(
        Path(os.path.abspath(path)) for path in paths))
    common = Path(os.path.commonpath([path.parent for path in paths]))
    classes = job.inferencer.classes
    summary = Summary()
    with renamed_when_done(job.out / 'results.json', ADVICE) as json_file, \
            renamed_when_done(job.out / 'results.csv', ADVICE) as csv_file, \
            open(json_file, 'w', encoding='utf-8') as document, \
            open(csv_file, 'w', encoding='utf-8', newline='',
                 errors='backslashreplace') as table:
        writer = csv.writer(table, lineterminator='\n')
        writer.writerow(('path', 'face', *face_columns(classes), 'error'))
        document.write('{"images": [')
        results = tqdm(
            job.inferencer.iterate(paths, job.batch_size, job.aligned,
                                   job.synthesis),
            total=len(paths), unit='image', disable=None)
        separator = '\n'
        try:
            for result, image in results:
                try:
                    _write_image(job, result, image, common)
                except OSError as error:  # of this name; others are fine
                    summary.errors.append(str(error))
                document.write(separator + json.dumps(result.to_dict()))
                separator = ',\n'
                writer.writerows(_rows(result, classes))
                summary.count(result)
        except KeyboardInterrupt:
            if not summary.num_done:
                raise
            summary.interrupted = True
        document.write('\n]}\n')
    return summary


def _write_image(job: AnnotationJob, result: ImageResult,
                 image: np.ndarray | None, common: Path) -> None:
    if image is None:
        return
    name = Path(result.path).relative_to(common)
    path = job.out / IMAGES / name.with_name(f'{name.name}.jpg')
    count = len(result.faces)
    drawn = draw_faces(image, result.faces,
                       range(1, count + 1) if count > 1 else None,
                       job.synthesis)
    _, content = cv2.imencode('.jpg', shrink(drawn, MAX_JPEG_SIDE))
    write_atomically(path, content.tobytes(), ADVICE)


def _rows(result: ImageResult,
          classes: Sequence[str]) -> Iterator[list]:
    for number, face in enumerate(result.faces, 1):
        yield [result.path, number, *face_cells(face, classes), '']
    if not result.faces:
        yield [result.path, '', *face_cells(None, classes),
               result.error or '']
