"""From pictures to annotated pictures and tables.

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

from .inferencer import ExpressionInferencer
from .results import PictureResult, face_cells, face_columns

ADVICE = 'choose another folder'
PICTURES = 'pictures'
# Of the format, in pixels; it has a little more.
MAX_JPEG_SIDE = 65500


@dataclass(frozen=True)
class AnnotationJob:
    """How pictures and videos are annotated.

    Args:
        inferencer (ExpressionInferencer): Finds and recognises the faces.
        out (Path): Folder of the results.
        batch_size (int): Pictures, or frames, at once.
        aligned (bool): Whether pictures are aligned faces already.
        synthesis (bool): Whether to draw the synthesised faces, too.
    """

    inferencer: ExpressionInferencer
    out: Path
    batch_size: int = 16
    aligned: bool = False
    synthesis: bool = False

    def iterate(
        self, pictures: Iterator[np.ndarray] | Sequence[Path]
    ) -> Iterator[tuple[PictureResult, np.ndarray | None]]:
        """Recognise expressions, see :meth:`ExpressionInferencer.iterate`."""
        return self.inferencer.iterate(pictures, self.batch_size, self.aligned,
                                       self.synthesis)


@dataclass
class Summary:
    """What an annotation came to.

    Args:
        num_done (int): Pictures or frames that were read.
        num_faces (int): Faces in them.
        without_face (int): Pictures or frames without a face.
        num_tracks (int): Faces that a video shows, each counted once as far
            as it can be followed.
        errors (list[str]): Why files could not be read or written, or a
            video ended early; each names the file.
        interrupted (bool): Whether Ctrl-C ended it.
    """

    num_done: int = 0
    num_faces: int = 0
    without_face: int = 0
    num_tracks: int = 0
    errors: list[str] = field(default_factory=list)
    interrupted: bool = False

    def count(self, result: PictureResult) -> None:
        """Count a picture or frame."""
        if result.error is not None:
            self.errors.append(result.error)
            return
        self.num_done += 1
        self.num_faces += len(result.faces)
        self.without_face += not result.faces


def without_results(pictures: Sequence[Path], out: Path) -> list[Path]:
    """Leave out the annotated pictures of an earlier run.

    Args:
        pictures (Sequence[Path]): What was found in the folders of the user.
        out (Path): Folder of the results, which may be one of them.

    Returns:
        list[Path]: Those that are not below its folder ``pictures``.

    Raises:
        ValueError: If no other is left.
    """
    results = (out / PICTURES).resolve()
    kept = [path for path in pictures
            if results not in path.resolve().parents]
    if len(kept) < len(pictures):
        print_log(f'{len(pictures) - len(kept)} annotated pictures of an '
                  f'earlier run, in {out / PICTURES}, are left out.',
                  logger='current')
    if pictures and not kept:
        raise ValueError(f'All pictures are in {out / PICTURES}, where '
                         'annotated ones are written; choose another folder '
                         'of results.')
    return kept


def annotate_pictures(job: AnnotationJob, paths: Sequence[Path]) -> Summary:
    """Write ``results.json``, ``results.csv`` and annotated pictures.

    The annotated pictures are in ``pictures``; they have the names of the
    others with ``.jpg`` behind, in the folders that those have below their
    common one; one that cannot be written is among the errors. A picture
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
    job.out.mkdir(parents=True, exist_ok=True)
    with renamed_when_done(job.out / 'results.json', ADVICE) as json_file, \
            renamed_when_done(job.out / 'results.csv', ADVICE) as csv_file, \
            open(json_file, 'w', encoding='utf-8') as document, \
            open(csv_file, 'w', encoding='utf-8', newline='',
                 errors='backslashreplace') as table:
        writer = csv.writer(table, lineterminator='\n')
        writer.writerow(('path', 'face', *face_columns(classes), 'error'))
        document.write('{"pictures": [')
        results = tqdm(job.iterate(paths), total=len(paths), unit='picture',
                       disable=None)
        separator = '\n'
        try:
            for result, picture in results:
                try:
                    _write_picture(job, result, picture, common)
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


def _write_picture(job: AnnotationJob, result: PictureResult,
                   picture: np.ndarray | None, common: Path) -> None:
    if picture is None:
        return
    name = Path(result.path).relative_to(common)
    path = job.out / PICTURES / name.with_name(f'{name.name}.jpg')
    path.parent.mkdir(parents=True, exist_ok=True)
    count = len(result.faces)
    drawn = draw_faces(picture, result.faces,
                       range(1, count + 1) if count > 1 else None,
                       job.synthesis)
    _, content = cv2.imencode('.jpg', shrink(drawn, MAX_JPEG_SIDE))
    write_atomically(path, content.tobytes(), ADVICE)


def _rows(result: PictureResult,
          classes: Sequence[str]) -> Iterator[list]:
    for number, face in enumerate(result.faces, 1):
        yield [result.path, number, *face_cells(face, classes), '']
    if not result.faces:
        yield [result.path, '', *face_cells(None, classes),
               result.error or '']
