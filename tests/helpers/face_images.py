"""Images of faces, made up or rendered, for tests of the analyses."""

from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config

from helpers.small_model import SIZE
from helpers.tiny_run import ROOT, baseline_cfg
from ipdfer_mm.analysis.synthesis_report import FaceImages
from ipdfer_mm.datasets import EXPRESSIONS, SyntheticFaces
from ipdfer_mm.registry import MODELS
from ipdfer_mm.utils import register_all_modules

PIPELINE = [dict(type='LoadFaceImage'), dict(type='PackFaceInputs')]


def random_images(seed: int, count: int, size: int = SIZE) -> torch.Tensor:
    """Noise in [-1, 1]."""
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, 3, size, size, generator=generator) * 2 - 1


def make_face_images(images: torch.Tensor, **kwargs) -> FaceImages:
    """Test images, of one fearful subject unless something else is said."""
    count = len(images)
    known = dict(
        images=images, paired_neutrals=None, subjects=np.full(count, 'a'),
        expressions=np.full(count, 'fear'), classes=('fear', 'neutral'),
        neutral_class='neutral', yaws=np.zeros(count), paths=[''] * count)
    return FaceImages(**{**known, **kwargs})


def rendered_faces(folder: Path, num_images: int) -> SyntheticFaces:
    """Five rendered subjects."""
    register_all_modules()
    return SyntheticFaces(
        str(folder), 'test', num_subjects=5, num_images=num_images,
        img_size=SIZE, num_workers=0, test_mode=True, pipeline=PIPELINE)


def fear_classifier(size: int = SIZE) -> torch.nn.Module:
    """A classifier that always says fear, of faces of a size."""
    register_all_modules()
    classifier = MODELS.build(baseline_cfg()).eval()
    torch.nn.init.zeros_(classifier.head.fc.weight)
    with torch.no_grad():
        classifier.head.fc.bias[EXPRESSIONS.index('fear')] = 1
    classifier._config = Config(dict(
        model=dict(), test_dataloader=dict(dataset=dict(
            pipeline=[dict(type='Resize', scale=(size, size))]))))
    return classifier


def save_model(folder: Path, name: str, model: dict, meta: dict = {},
               **faces) -> tuple[Path, Path]:
    """Config of rendered faces, and checkpoint of an untrained model."""
    register_all_modules()
    base = ROOT / 'configs/_base_/datasets/synthetic_faces.py'
    faces = dict(faces, img_size=SIZE, num_workers=0,
                 data_root=str(folder / 'faces'))
    config, checkpoint = folder / f'{name}.py', folder / f'{name}.pth'
    config.write_text(f'_base_ = {str(base)!r}\nmodel = {model!r}\n'
                      f'train_dataloader = dict(dataset={faces!r})\n'
                      f'test_dataloader = dict(dataset={faces!r})\n')
    state = MODELS.build(Config.fromfile(config).model).state_dict()
    torch.save(dict(state_dict=state, meta=meta), checkpoint)
    return config, checkpoint
