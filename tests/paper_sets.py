"""Rendered people in the official layouts of the paper's data sets."""

import zlib
from pathlib import Path

import cv2
import numpy as np
from official_layouts import (
    make_affectnet,
    make_ckplus,
    make_ferplus,
    make_sfew,
)
from tiny_run import make_rafdb

from ipdfer_mm.preparation.alignment import (
    ARCFACE_TEMPLATE,
    similarity_transform,
)
from ipdfer_mm.preparation.sets import list_readers
from ipdfer_mm.registry import DATASETS
from ipdfer_mm.rendering import (
    CLASSES,
    FaceRenderer,
    RenderSpec,
    parametric_head,
    sample_expression,
    sample_light,
    sample_person,
)
from ipdfer_mm.utils import register_all_modules

MAKERS = dict(
    rafdb=lambda root: make_rafdb(root, 70, 35),
    ferplus=lambda root: make_ferplus(root, 8),
    affectnet=lambda root: make_affectnet(root, 8),
    sfew=lambda root: make_sfew(root, 8),
    ckplus=lambda root: make_ckplus(root, 20))
# Where the pictures of the layout are too small to find a face.
SIZES = dict(sfew=(143, 181))
# The renderer has seven classes.
CONTEMPT = dict(mouthSmile_R=1., mouthDimple_R=.6, cheekSquint_R=.3)


def make_set(name: str, data_root: Path) -> Path:
    """Make a data set of the paper with rendered people of its classes.

    Args:
        name (str): Key of :data:`MAKERS`.
        data_root (Path): Where to.

    Returns:
        Path: ``data_root``.
    """
    register_all_modules()
    MAKERS[name](data_root)
    renderer = FaceRenderer(parametric_head())
    options = dict(label_rule='majority') if name == 'ferplus' else {}
    for reader in list_readers(name, data_root, options):
        dataset = DATASETS.build(reader)
        for index in range(len(dataset)):
            sample = dataset.get_data_info(index)
            _render(renderer, sample, dataset.metainfo['classes'],
                    SIZES.get(name))
    return data_root


def _render(renderer: FaceRenderer, sample: dict, classes: tuple,
            size: tuple) -> None:
    """Put a face in place of the picture, where its points are."""
    path = sample['img_path']
    rng = np.random.default_rng(zlib.crc32(path.encode()))
    # The same in all pictures of somebody.
    person = sample_person(
        len(renderer.model.identity), np.random.default_rng(
            zlib.crc32(sample.get('subject', path).encode())))
    expression = classes[sample['gt_label']]
    spec = RenderSpec(
        person,
        sample_expression(expression, rng)
        if expression in CLASSES else CONTEMPT,
        yaw=0 if 'subject' in sample else rng.uniform(-55, 55),
        light=sample_light(rng),
        seed=int(rng.integers(10**6)))
    face = renderer.render(spec).image[..., ::-1]
    old = cv2.imread(path)
    if sample.get('landmarks') is None:
        picture = cv2.resize(face, size or old.shape[1::-1])
    else:
        matrix = similarity_transform(ARCFACE_TEMPLATE, sample['landmarks'])
        picture = cv2.warpAffine(face, matrix, old.shape[1::-1],
                                 borderMode=cv2.BORDER_REPLICATE)
    cv2.imwrite(path, picture)
