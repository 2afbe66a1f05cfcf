"""The datasets that can be prepared."""

import dataclasses
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePosixPath

from mmengine.logging import print_log

from ipdfer_mm.registry import DATASETS
from ipdfer_mm.utils.csv_files import read_table
from ipdfer_mm.utils.files import subfolders, visible_entries
from ipdfer_mm.utils.messages import shorten

from .chunks import PART
from .recipe import Recipe
from .worker import ImageEntry


@dataclass(frozen=True)
class PreparedSet:
    """How a dataset is read and prepared.

    Args:
        readers (tuple[dict]): Configs of the datasets that together list
            all images, without ``data_root``.
        recipe (dict): What differs from :class:`Recipe`.
    """

    readers: tuple[dict, ...]
    recipe: Mapping = field(default_factory=dict)


# Folders of results beside the images, of tools/prepare_dataset.py and
# tools/verify_dataset.py, and what those have that go by another name, from
# their beginning on.
PREPARED = 'prepared'
VERIFIED = 'verified'
PARTS = 'parts'
# Crops around a face, in which MTCNN sees little without a margin.
MARGIN = dict(margin=0.5)
# With it the face has about half of the side; half of that is safe.
TIGHT = dict(MARGIN, min_face=0.25)


def _readers(kind: str, *splits: str | None, **options) -> tuple[dict, ...]:
    return tuple(dict(type=kind, split=split, **options) for split in splits)


PREPARABLE = {
    'rafdb': PreparedSet(_readers('RAFDB', 'train', 'test'), TIGHT),
    # 48 pixels. Soft labels leave no image out but those without a face.
    'ferplus': PreparedSet(
        _readers('FERPlus', 'train', 'val', 'test', label_rule='soft'),
        dict(TIGHT, min_side=192)),
    'affectnet': PreparedSet(_readers('AffectNet', 'train', 'val'), TIGHT),
    # The authors' aligned faces, 143x181.
    'sfew': PreparedSet(_readers('SFEW', 'train', 'val'), TIGHT),
    # Both splits of a fold are the whole set.
    'ckplus': PreparedSet(
        _readers('CKPlus', 'train', 'test', fold=0), dict(min_face=0.2)),
    # Faces of 36x53 pixels, in the middle 80 of 120.
    'cmufaces': PreparedSet(
        (dict(type='CMUFaces'), ),
        dict(min_side=360, min_face=0.2, fallback_crop=80 / 120)),
    # Their splits are what is there, and so are the sizes of faces.
    'folder': PreparedSet((), MARGIN),
    'csv': PreparedSet((), MARGIN),
    # Faces without labels, for face recognition.
    'images': PreparedSet((dict(type='FaceImages'), ), MARGIN),
}
# Those of images with labels.
LABELED = tuple(sorted(set(PREPARABLE) - {'images'}))


def recipe_of(name: str, options: Mapping, changes: Mapping) -> Recipe:
    """Recipe of a dataset.

    Args:
        name (str): Key of :data:`PREPARABLE`.
        options (Mapping): Arguments of the dataset class to change.
        changes (Mapping): Settings to change.

    Returns:
        Recipe: The recipe.
    """
    recipe = PREPARABLE[name].recipe
    if name == 'sfew' and not options.get('aligned', True):
        recipe = {}  # whole frames, in which faces are small
    return dataclasses.replace(Recipe(**recipe), **changes)


def list_readers(name: str, data_root: Path,
                 options: Mapping) -> tuple[dict, ...]:
    """Configs of the datasets that together hold all splits.

    Args:
        name (str): Key of :data:`PREPARABLE`.
        data_root (Path): Folder of the dataset.
        options (Mapping): Arguments of the dataset class to change.

    Returns:
        tuple[dict]: Configs with ``data_root``.

    Raises:
        ValueError: If the folder or the CSV file has no split, or not that
            of the options.
    """
    readers = PREPARABLE[name].readers
    if name == 'folder':
        is_results = _result_folders(data_root)
        readers = _readers('FolderFER', *(
            split for split in subfolders(data_root)
            if not is_results(PurePosixPath(split))))
        if not readers:
            raise ValueError(f'{data_root} has no folders; expected '
                             '<data_root>/<split>/<expression>/<image>.')
    if name == 'csv':
        readers = _readers('CSVFER', *_csv_splits(data_root, options))
    if 'split' in options:
        # The folds of a cross-validation are not what is prepared.
        splits = [reader.get('split') for reader in readers
                  if 'fold' not in reader]
        readers = tuple(reader for reader in readers
                        if options['split'] in splits
                        and reader['split'] == options['split'])
        if not readers:
            raise ValueError(
                f'--dataset-options split={options["split"]}: {name} in '
                f'{data_root} has the splits {splits or "of folds only"}.')
    return tuple(
        dict(reader, data_root=str(data_root), **options)
        for reader in readers)


def list_images(name: str, data_root: Path, options: Mapping,
                out: Path | None = None) -> list[ImageEntry]:
    """List the images of a dataset, of all splits.

    Of images without labels, whatever is in a folder, those that a
    preparation or a verification wrote there are left out; the log says so.

    Args:
        name (str): Key of :data:`PREPARABLE`.
        data_root (Path): Folder of the dataset.
        options (Mapping): Arguments of the dataset class to change, such
            as ``ann_file``.
        out (Path, optional): Folder of the results, which may be among the
            images. Defaults to None.

    Returns:
        list[ImageEntry]: Each image once, in the order of the dataset.

    Raises:
        FileNotFoundError: If the folder or an annotation file is missing.
        ValueError: If a file of the dataset is wrong, or a path leads out
            of the data root or is not UTF-8.
    """
    images: dict[str, ImageEntry] = {}
    if name == 'images' and out == data_root:
        raise ValueError(f'--out {out} is the folder of the images, among '
                         'which the faces would be taken for images; name '
                         'another one.')
    is_results = _result_folders(data_root, out)
    results: list[str] = []
    for reader in list_readers(name, data_root, options):
        dataset = DATASETS.build(dict(reader, lazy_init=True))
        # In cross-validation an image is in all splits.
        split = None if 'fold' in reader else reader.get('split')
        for sample in dataset.list_images():
            # FaceImages takes whatever it finds.
            if name == 'images' and is_results(
                    PurePosixPath(sample['img_path']).parent):
                results.append(sample['img_path'])
                continue
            points = sample.get('landmarks')
            if points is not None:
                points = tuple(tuple(map(float, point)) for point in points)
            path = _checked(sample['img_path'])
            images.setdefault(
                path, ImageEntry(path, sample.get('box'), points, split))
    if results:
        print_log(f'{len(results)} images are left out that an earlier '
                  f'preparation wrote: {shorten(results)}.', logger='current')
    if not images and results:
        raise ValueError(f'{data_root} has no image but those that an '
                         'earlier preparation wrote.')
    return list(images.values())


def _result_folders(data_root: Path, out: Path | None = None
                    ) -> Callable[[PurePosixPath], bool]:
    """Make a question: whether a folder, or one around it, holds results."""

    @cache
    def is_results(folder: PurePosixPath) -> bool:
        if folder == PurePosixPath('.'):
            return False
        place = data_root / folder
        parts = [entry.name for entry in visible_entries(place / PARTS)]
        # Empty, when it was killed before the first part was done.
        is_out = (place / PARTS).is_dir() and all(
            map(PART.fullmatch, parts)) and (
                bool(parts) or (place / 'faces').is_dir())
        return (place == out or str(folder) in (PREPARED, VERIFIED) or is_out
                or is_results(folder.parent))

    return is_results


def _checked(path: str) -> str:
    """Refuse a path whose face would not be written below the results."""
    if PurePosixPath(path).is_absolute() or '..' in PurePosixPath(path).parts:
        raise ValueError(
            f'{path}: paths of images must be relative to the data root, '
            "and without '..', as faces are written to the same place in "
            'another folder. Choose a data root that has all images in it.')
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f'{os.fsencode(path)!r}: the name is not UTF-8, '
                         'which the manifest is. Rename the file.') from error
    return path


def _csv_splits(data_root: Path, options: Mapping) -> list[str | None]:
    """Words in the column ``split``; None where there is no such column."""
    if 'ann_file' not in options:
        raise ValueError('Name the CSV file with --dataset-options '
                         'ann_file=<file>.')
    file = data_root / options['ann_file']
    if not file.is_file():
        raise FileNotFoundError(f'{file} does not exist.')
    rows = read_table(file, ('path', 'expression'), optional=('split', ))
    splits = [cells.get('split') and cells['split'].strip()
              for _, cells in rows]
    return list(dict.fromkeys(splits))
