"""What all facial expression datasets have in common."""

import logging
import math
import os.path as osp
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from mmengine.logging import print_log
from mmpretrain.datasets import BaseDataset

from ipdfer_mm.geometry.yaw_bins import POSE_EDGES, UNKNOWN_POSE, yaw_bin
from ipdfer_mm.registry import DATASETS
from ipdfer_mm.utils.expressions import EXPRESSIONS
from ipdfer_mm.utils.files import missing_files
from ipdfer_mm.utils.messages import shorten

from .folds import hold_out
from .manifest import (
    REPAIR,
    ManifestRules,
    image_keys,
    join_manifest,
    recipe_hash,
)

KNOWN_NAMES = (*EXPRESSIONS, 'contempt')


@DATASETS.register_module()
class FERDataset(BaseDataset):
    """Base of the datasets: class names, yaw bins, manifest, checks.

    A subclass says in :meth:`load_samples` what its files hold. This class
    turns class names into ``gt_label``, adds ``pose_label`` and joins the
    manifest. All that can be wrong with the files is found when they are
    loaded, not in the middle of an epoch, and whatever is left out is counted
    in the log.

    A sample is a dict with ``img_path`` (str), ``gt_label`` (int), ``yaw``
    (float, signed degrees, positive where the nose points to the left of the
    image, nan if unknown), ``pose_label`` (int, :func:`yaw_bin`),
    ``aligned`` (bool, whether the image is a square around the face
    already, as those of a manifest are) and, where known, ``flags``
    (tuple[str], of the manifest), ``subject`` (str),
    ``landmarks`` (np.ndarray of shape (5, 2), in pixels of the image) and
    ``neutral_img_path`` (str).

    Args:
        data_root (str): Folder of the dataset in its official layout.
        ann_file (str): Annotation file, absolute or relative to
            ``data_root``. Defaults to '', none.
        manifest (str, optional): Manifest that ``tools/prepare_dataset.py``
            wrote, absolute or relative to ``data_root``: images and yaw are
            then those of the manifest. Defaults to None, the images of the
            dataset.
        only_flag (str, optional): Read only the images that the manifest
            flags so, for example those of a list of large poses. Defaults to
            None, all.
        drop_flags (Sequence[str]): Leave out the images that the manifest
            flags so. ``['also_in_train', 'also_in_val']`` makes a test set of
            images that are in no other split. Defaults to none.
        drop_duplicates (bool): Leave out images whose pixels the manifest
            knows from another split or from earlier in this one, as for
            training. Defaults to False.
        drop_unprepared (bool): Leave out images without a row in the
            manifest, such as damaged ones that could not be prepared.
            Defaults to False: such an image is an error.
        drop_classes (Sequence[str]): Names of classes that ``metainfo``
            leaves out and whose samples shall be left out too. Defaults to
            none: such a sample is an error.
        holdout (dict, optional): Read a part only, as
            ``dict(part='train')``, or, of the same images,
            ``dict(part='val')``, on which the epoch can be chosen; further
            keys are those of :func:`~ipdfer_mm.datasets.folds.hold_out`.
            Defaults to None, all.
        metainfo (dict, optional): ``classes`` narrows or widens the classes
            or sets another order. Defaults to None, the dataset's own.
        **kwargs: As mmpretrain's ``BaseDataset``.

    Attributes:
        notes (dict[str, list[str]]): Names of what is left out or replaced,
            by reason; the log has their number, :class:`DatasetNotesHook`
            writes them to a file.

    Raises:
        FileNotFoundError: If the data root, the annotation file, the manifest
            or an image is missing.
        ValueError: If a class name or a file's content is wrong, or no sample
            is left.
    """

    METAINFO: dict[str, tuple[str, ...]] = dict(classes=EXPRESSIONS)
    # For error messages: 'Expected ...'.
    LAYOUT = 'the official layout'

    def __init__(self,
                 data_root: str,
                 ann_file: str = '',
                 manifest: str | None = None,
                 only_flag: str | None = None,
                 drop_flags: Sequence[str] = (),
                 drop_duplicates: bool = False,
                 drop_unprepared: bool = False,
                 drop_classes: Sequence[str] = (),
                 holdout: dict | None = None,
                 metainfo: dict | None = None,
                 **kwargs) -> None:
        data_root = osp.expanduser(data_root)
        if isinstance(drop_flags, str):
            raise ValueError(f'drop_flags={drop_flags!r} must be a list of '
                             'flags.')
        self.rules = ManifestRules(only_flag, tuple(drop_flags),
                                   drop_duplicates, drop_unprepared)
        if manifest is not None:
            manifest = osp.join(data_root, osp.expanduser(manifest))
        elif self.rules != ManifestRules():
            raise ValueError(
                'only_flag, drop_flags, drop_duplicates and drop_unprepared '
                'need a manifest, which alone has flags; give one.')
        self.manifest = manifest
        self.drop_classes = tuple(drop_classes)
        self.holdout = holdout
        self.notes: dict[str, list[str]] = {}
        super().__init__(
            ann_file, metainfo=metainfo, data_root=data_root, **kwargs)

    def load_samples(self) -> Iterable[dict]:
        """Say what the dataset's files hold; for subclasses.

        Yields:
            dict: ``img_path`` (str, relative to the data root, forward
            slashes), ``expression`` (str, class name) and, where known,
            ``subject``, ``yaw``, ``landmarks``, ``neutral_img_path``, and for
            preparation ``box`` (x, y, width and height of the face, in
            pixels).
        """
        raise NotImplementedError(
            f'{type(self).__name__} must implement `load_samples`.')

    @property
    def num_known_poses(self) -> int:
        """Number of samples whose yaw is known."""
        return sum(
            self.get_data_info(i)['pose_label'] != UNKNOWN_POSE
            for i in range(len(self)))

    def note(self, reason: str, name: str) -> None:
        """Count something that is left out or replaced, for the log.

        Args:
            reason (str): What happens, such as ``'marked bad, skipped'``.
            name (str): The file it happens to.
        """
        self.notes.setdefault(reason, []).append(name)

    def warn_unless_official(self, found: str, official: str) -> None:
        """Warn of files that are not those that others report on.

        Args:
            found (str): What is there, such as ``'957 frames'``.
            official (str): What should be.
        """
        if found != official:
            print_log(
                f'{self._title}: {found}, but officially {official}. Results '
                'will not be comparable.',
                logger='current',
                level=logging.WARNING)

    def list_images(self) -> Iterator[dict]:
        """List the images, whether or not they are there.

        For preparation: of all classes, and without manifest.

        Yields:
            dict: ``img_path`` (str, relative to the data root) and, where
            known, ``landmarks`` and ``box``.

        Raises:
            FileNotFoundError: If the data root or the annotation file is
                missing.
            ValueError: If a file's content is wrong.
        """
        self._check_files()
        for sample in self.load_samples():
            for key in image_keys(sample):
                yield {**sample, 'img_path': sample[key]}

    def load_data_list(self) -> list[dict]:
        """Load all samples; called by MMEngine.

        Returns:
            list[dict]: See the class.
        """
        self._check_files()
        self._check_drop_classes()
        samples = list(self._keep_classes())
        if self.holdout is not None and samples:
            samples = hold_out(samples, **self.holdout)
        if self.manifest is not None:
            samples = join_manifest(samples, self.manifest, self.rules,
                                    self.note)
            recipe = recipe_hash(self.manifest)
            if recipe is not None:
                self._metainfo['recipe'] = recipe
        infos = [self._to_info(sample) for sample in samples]
        if not infos:
            raise ValueError(f'{self._title} has no sample.{self._notes_text}'
                             f' Expected {self.LAYOUT}.')
        self._check_images(infos)
        self._log_counts(infos)
        return infos

    @classmethod
    def knows_class(cls, name: str) -> bool:
        """Whether ``metainfo`` may name a class so; for subclasses.

        Args:
            name (str): The name.

        Returns:
            bool: Whether it is no mistake.
        """
        return name in KNOWN_NAMES or name in cls.METAINFO['classes']

    @classmethod
    def _load_metainfo(cls, metainfo: dict | None = None) -> dict:
        meta = super()._load_metainfo(metainfo)
        classes = meta['classes']
        if isinstance(classes, str) or not classes or (
                len(set(classes)) != len(classes)) or (
                    not all(map(cls.knows_class, classes))):
            known = sorted({*KNOWN_NAMES, *cls.METAINFO['classes']})
            raise ValueError(
                f'metainfo: classes={classes!r} of {cls.__name__} must be '
                f'different names out of {known}.')
        edges = meta.get('pose_edges', POSE_EDGES)
        if tuple(edges) != POSE_EDGES:
            raise ValueError(f'metainfo: pose_edges={edges!r}, but yaw '
                             f'bins are made with {POSE_EDGES}.')
        # Plain tuples, not the lists of a config: they go into checkpoints.
        return {**meta, 'classes': tuple(classes), 'pose_edges': POSE_EDGES}

    @property
    def _title(self) -> str:
        split = getattr(self, 'split', None)
        title = f'{type(self).__name__} in {self.data_root}'
        return f'{title}, {split} split' if split else title

    @property
    def _notes_text(self) -> str:
        return ''.join(f' {reason}: {len(names)} ({shorten(names, 2)}).'
                       for reason, names in self.notes.items())

    def _check_files(self) -> None:
        if not osp.isdir(self.data_root):
            raise FileNotFoundError(
                f'data_root={self.data_root!r} of {type(self).__name__} is no '
                f'folder. Expected {self.LAYOUT}.')
        if self.ann_file and not osp.isfile(self.ann_file):
            raise FileNotFoundError(
                f'{self._title}: the annotation file {self.ann_file} does not '
                f'exist. Expected {self.LAYOUT}.')
        if self.manifest is not None and not osp.isfile(self.manifest):
            raise FileNotFoundError(
                f'{self._title}: the manifest {self.manifest} does not exist. '
                'Make it with tools/prepare_dataset.py, or leave manifest out '
                'of the config to use the images as they are.')

    def _check_drop_classes(self) -> None:
        both = set(self.drop_classes) & set(self.CLASSES)
        if both or not all(map(self.knows_class, self.drop_classes)):
            raise ValueError(
                f'{self._title}: drop_classes={self.drop_classes} must name '
                f'expressions, of {KNOWN_NAMES}, that are not in '
                f'metainfo=dict(classes={self.CLASSES}).')

    def _keep_classes(self) -> Iterator[dict]:
        for sample in self.load_samples():
            name = sample['expression']
            if name in self.CLASSES:
                yield sample
            elif name in self.drop_classes:
                self.note(f'Class {name} dropped', sample['img_path'])
            else:
                raise ValueError(
                    f'{self._title}: the expression {name!r} of '
                    f'{sample["img_path"]} is not one of the classes '
                    f'{self.CLASSES}. Add it to metainfo=dict(classes=...), '
                    'or name it in drop_classes to leave such samples out.')

    def _to_info(self, sample: dict) -> dict:
        info = {'aligned': False, **sample}
        info.pop('box', None)
        info['gt_label'] = self.class_to_idx[info.pop('expression')]
        info['pose_label'] = yaw_bin(info.get('yaw'))
        info['yaw'] = math.nan if info.get('yaw') is None else info['yaw']
        for key in image_keys(info):
            info[key] = osp.join(self.data_root, info[key])
        if 'landmarks' in info:
            info['landmarks'] = np.asarray(info['landmarks'], dtype=float)
        return info

    def _check_images(self, infos: list[dict]) -> None:
        paths = [info[key] for info in infos for key in image_keys(info)]
        missing = missing_files(paths)
        if missing:
            advice = REPAIR if self.manifest else f'Expected {self.LAYOUT}.'
            raise FileNotFoundError(
                f'{self._title}: {len(missing)} of {len(paths)} images are '
                f'missing: {shorten(missing)}. {advice}')

    def _log_counts(self, infos: list[dict]) -> None:
        counts = Counter(info['gt_label'] for info in infos)
        classes = shorten([f'{name} {counts[label]}'
                           for name, label in self.class_to_idx.items()])
        poses = Counter(info['pose_label'] for info in infos)
        print_log(
            f'{self._title}: {len(infos)} samples ({classes}), '
            f'{poses[UNKNOWN_POSE]} with unknown pose.{self._notes_text}',
            logger='current')
