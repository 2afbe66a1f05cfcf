"""Rendered faces whose subject, pose and expression are known exactly."""

import os.path as osp
import re
from collections.abc import Iterator
from functools import partial

from ipdfer_mm.geometry.five_points import parse_points
from ipdfer_mm.registry import DATASETS
from ipdfer_mm.rendering import Population
from ipdfer_mm.rendering.batch import COLUMNS
from ipdfer_mm.utils.csv_files import parse_number, read_table
from ipdfer_mm.utils.main_process import on_main_process

from .fer_dataset import FERDataset
from .rendered_folder import LABELS, render_folder

TARGETS = ('expression', 'subject')
SUBJECT = re.compile(r'person_\d{6}')


@DATASETS.register_module()
class SyntheticFaces(FERDataset):
    """Faces rendered from a face model, each with its paired neutral image.

    What is missing is rendered when the dataset is loaded, and kept in
    ``<data_root>/<split>_<hash>`` (see
    :mod:`ipdfer_mm.datasets.rendered_folder` for the layout). The hash covers
    everything the images depend on, so a change of arguments never mixes
    with old images. A run that was killed goes on where it stopped. Of
    several distributed processes the first renders and the others wait,
    which their process group allows only so long (ten minutes with NCCL):
    render large datasets before with ``tools/dataset_converters/
    render_faces.py``.

    Images are aligned to the ArcFace template by the resting face of the
    subject, so ``AlignFace`` only resizes them. ``neutral_img_path`` shows the
    same subject, pose, light and background without the expression. The
    subjects of the splits are different. See :class:`Population` for the
    distribution of expressions and poses.

    Args:
        data_root (str): Folder for the images; made where it is missing.
        split (str): ``'train'``, ``'val'`` or ``'test'``.
        face_model (str, optional): Face model packed by
            ``tools/dataset_converters/ict_facekit.py``. Defaults to None, the
            head built into this package.
        num_subjects (int): Number of subjects.
        num_images (int): Number of images of all subjects together.
        img_size (int): Side of the images in pixels.
        seed (int): Seed of subjects and images.
        num_workers (int): Number of processes that render; 0 renders in this
            one.
        label (str): ``'expression'``, or ``'subject'`` to recognize subjects:
            ``gt_label`` is then the position of the subject in the split, and
            the classes are the names of the subjects.
        metainfo (dict, optional): As :class:`FERDataset`.
        **kwargs: As :class:`FERDataset`.

    Raises:
        FileNotFoundError: If the face model does not exist.
        OSError: If ``data_root`` cannot be written and images are missing.
        ValueError: If an argument is out of range; names it.
        RuntimeError: If another process failed to render.
    """

    LAYOUT = ('faces rendered by tools/dataset_converters/render_faces.py '
              'with the same arguments')

    def __init__(self,
                 data_root: str,
                 split: str,
                 face_model: str | None = None,
                 num_subjects: int = 1000,
                 num_images: int = 3000,
                 img_size: int = 112,
                 seed: int = 0,
                 num_workers: int = 4,
                 label: str = 'expression',
                 metainfo: dict | None = None,
                 **kwargs) -> None:
        if label not in TARGETS:
            raise ValueError(f'label is {label!r}, not one of '
                             f'{", ".join(TARGETS)}.')
        self.population = Population(split, num_subjects, num_images, seed)
        if face_model is not None:
            face_model = osp.expanduser(face_model)
        self.face_model = face_model
        self.img_size = img_size
        self.num_workers = num_workers
        self.label = label
        if label == 'subject':
            # A dict, since the order counts: each subject once.
            subjects = dict.fromkeys(
                image.subject for image in self.population.plan())
            metainfo = dict(dict(classes=tuple(subjects)), **(metainfo or {}))
        super().__init__(data_root, metainfo=metainfo, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Render what is missing and load all samples.

        Returns:
            list[dict]: See :class:`FERDataset`.
        """
        self.folder = on_main_process(
            partial(render_folder, self.data_root, self.population,
                    self.img_size, self.face_model, self.num_workers),
            f'{self._title}: the first process failed to render the faces; '
            'see its error.').name
        self.ann_file = osp.join(self.data_root, self.folder, LABELS)
        return super().load_data_list()

    def load_samples(self) -> Iterator[dict]:
        """Yield the samples subject by subject."""
        for where, cells in read_table(self.ann_file, COLUMNS, exact=True):
            shown = cells['subject' if self.label == 'subject' else
                          'expression']
            points = parse_points(cells, where)
            if points is None:
                raise ValueError(f'{where}: the five points are missing. '
                                 f'Delete {self.folder} to render it anew.')
            yield dict(
                img_path=f'{self.folder}/{cells["path"]}',
                neutral_img_path=f'{self.folder}/{cells["neutral_path"]}',
                expression=shown,
                subject=cells['subject'],
                yaw=parse_number(cells['yaw'], 'yaw', where),
                landmarks=points,
                aligned=True)

    @classmethod
    def knows_class(cls, name: str) -> bool:
        """Whether a class can have this name: subjects can too."""
        return super().knows_class(name) or bool(
            SUBJECT.fullmatch(str(name)))
