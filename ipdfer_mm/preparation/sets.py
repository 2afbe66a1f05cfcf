"""The data sets that can be prepared."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ipdfer_mm.registry import DATASETS

from .recipe import Recipe
from .worker import Picture


@dataclass(frozen=True)
class PreparedSet:
    """How a data set is read and prepared.

    Args:
        readers (tuple[dict]): Configs of the data sets that together list
            all pictures, without ``data_root``.
        recipe (dict): What differs from :class:`Recipe`.
    """

    readers: tuple[dict, ...]
    recipe: Mapping = field(default_factory=dict)


# Crops around a face, in which MTCNN sees little without a margin.
TIGHT = dict(margin=0.5)

SETS = {
    'rafdb':
    PreparedSet(
        tuple(dict(type='RAFDB', split=split) for split in ('train', 'test')),
        TIGHT),
    # Faces of 36x53 pixels, in the middle 80 of 120.
    'cmufaces':
    PreparedSet((dict(type='CMUFaces'), ),
                dict(min_side=360, fallback_crop=80 / 120)),
}


def recipe_of(name: str, changes: Mapping) -> Recipe:
    """Recipe of a data set.

    Args:
        name (str): Key of :data:`SETS`.
        changes (Mapping): Settings to change.

    Returns:
        Recipe: The recipe.
    """
    return dataclasses.replace(Recipe(**SETS[name].recipe), **changes)


def list_pictures(name: str, data_root: Path,
                  options: Mapping = {}) -> list[Picture]:
    """List the pictures of a data set, of all splits.

    Args:
        name (str): Key of :data:`SETS`.
        data_root (Path): Folder of the data set.
        options (Mapping): Arguments of the data set class to change, such
            as ``split`` or ``ann_file``.

    Returns:
        list[Picture]: Each picture once, in the order of the data set.

    Raises:
        FileNotFoundError: If the folder or an annotation file is missing.
        ValueError: If a file of the data set is wrong.
    """
    pictures: dict[str, Picture] = {}
    for reader in SETS[name].readers:
        dataset = DATASETS.build(
            dict(
                reader, data_root=str(data_root), lazy_init=True, **options))
        for picture in dataset.list_pictures():
            pictures.setdefault(picture['img_path'], Picture(
                picture['img_path'], picture.get('box'),
                _hashable(picture.get('landmarks'))))
    return list(pictures.values())


def _hashable(points) -> tuple | None:
    return None if points is None else tuple(
        tuple(map(float, point)) for point in points)
