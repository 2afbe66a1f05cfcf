"""Rendered subjects in the official layouts of the paper's datasets."""

import shutil
import zlib
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from mmpretrain.models import ResNet

from helpers import official_layouts
from helpers.tiny_run import run
from helpers.tools import ROOT
from ipdfer_mm.geometry.alignment import ARCFACE_TEMPLATE, similarity_transform
from ipdfer_mm.preparation.datasets import list_readers
from ipdfer_mm.registry import DATASETS
from ipdfer_mm.rendering import (
    FaceRenderer,
    RenderSpec,
    parametric_head,
    sample_expression,
    sample_light,
    sample_subject,
)
from ipdfer_mm.utils import register_all_modules
from ipdfer_mm.utils.expressions import EXPRESSIONS

# Datasets, and how many images their makers make.
SETS = dict(rafdb=(70, 35), ferplus=(8, ), affectnet=(8, ), sfew=(8, ),
            ckplus=(20, ))
# Where the images of the layout are too small to find a face.
SIZES = dict(sfew=(143, 181))
# The renderer has seven classes.
CONTEMPT = dict(mouthSmile_R=1., mouthDimple_R=.6, cheekSquint_R=.3)
SMALL = dict(stem_channels=8, base_channels=8)
# In the texts of configs/_base_/models.
SHRINK = {
    'depth=18': 'depth=18, stem_channels=8, base_channels=8',
    '=512': '=64',
    'img_size=112': 'img_size=112, widths=(8, ) * 5',
}
# Environment of the commands in a workplace.
FACE_CHECKPOINT = 'weights/resnet18_face.pth'


def make_workplace(folder: Path, prepared: Sequence[str]) -> Path:
    """Make a folder with tools, small networks and the paper's datasets.

    Args:
        folder (Path): An empty folder.
        prepared (Sequence[str]): Datasets whose faces are aligned.

    Returns:
        Path: ``folder``.
    """
    folder.mkdir(exist_ok=True)
    (folder / 'tools').symlink_to(ROOT / 'tools')
    shutil.copytree(ROOT / 'configs', folder / 'configs')
    for path in (folder / 'configs/_base_/models').glob('*.py'):
        text = path.read_text()
        for old, new in SHRINK.items():
            assert old in text or path.stem != 'ipdfer_resnet18'
            text = text.replace(old, new)
        path.write_text(text)
    (folder / 'weights').mkdir()
    torch.save(ResNet(18, **SMALL).state_dict(), folder / FACE_CHECKPOINT)
    for name in SETS:
        make_set(name, folder / 'data' / name)
    for name in prepared:
        run('python', 'tools/prepare_dataset.py', name, f'data/{name}',
            cwd=folder)
    return folder


def make_set(name: str, data_root: Path) -> Path:
    """Make a dataset of the paper with rendered subjects of its classes.

    Args:
        name (str): Key of :data:`SETS`.
        data_root (Path): Where to.

    Returns:
        Path: ``data_root``.
    """
    register_all_modules()
    getattr(official_layouts, f'make_{name}')(data_root, *SETS[name])
    renderer = FaceRenderer(parametric_head())
    landmarks = {}
    options = dict(label_rule='majority') if name == 'ferplus' else {}
    for reader in list_readers(name, data_root, options):
        dataset = DATASETS.build(reader)
        for index in range(len(dataset)):
            sample = dataset.get_data_info(index)
            points = _render(renderer, sample, dataset.metainfo['classes'],
                             SIZES.get(name))
            if name == 'affectnet':
                landmarks[Path(sample['img_path']).name] = points
    _write_landmarks(data_root, landmarks)
    return data_root


def _write_landmarks(affectnet: Path, landmarks: dict) -> None:
    """Put the landmarks of faces into AffectNet's lists, which give yaw."""
    for path in affectnet.glob('Manually_Annotated_file_lists/*.csv'):
        lines = [line.split(',') for line in path.read_text().splitlines()]
        for cells in lines:
            points = landmarks.get(Path(cells[0]).name)
            if points is not None:
                cells[5] = ';'.join(f'{x:.2f}' for x in points.ravel())
        path.write_text('\n'.join(map(','.join, lines)))


def _render(renderer: FaceRenderer, sample: dict, classes: tuple,
            size: tuple) -> np.ndarray:
    """Put a face in place of the image, where its points are.

    Returns:
        np.ndarray: Its landmarks, (68, 2); in the square that was rendered
        if the image had none.
    """
    path = sample['img_path']
    rng = _random(path)
    # The same in all images of a subject.
    subject = sample_subject(len(renderer.model.identity),
                             _random(sample.get('subject', path)))
    expression = classes[sample['gt_label']]
    spec = RenderSpec(subject, sample_expression(expression, rng)
                      if expression in EXPRESSIONS else CONTEMPT,
                      yaw=0 if 'subject' in sample else rng.uniform(-55, 55),
                      light=sample_light(rng), seed=int(rng.integers(10**6)))
    rendered = renderer.render(spec)
    face, points = rendered.image[..., ::-1], rendered.landmarks68
    old = cv2.imread(path)
    if sample.get('landmarks') is None:
        image = cv2.resize(face, size or old.shape[1::-1])
    else:
        matrix = similarity_transform(ARCFACE_TEMPLATE, sample['landmarks'])
        points = points @ matrix[:, :2].T + matrix[:, 2]
        image = cv2.warpAffine(face, matrix, old.shape[1::-1],
                               borderMode=cv2.BORDER_REPLICATE)
    cv2.imwrite(path, image)
    return points


def _random(path: str) -> np.random.Generator:
    """Random numbers of an image or subject, wherever the dataset lies."""
    return np.random.default_rng(zlib.crc32(Path(path).name.encode()))
