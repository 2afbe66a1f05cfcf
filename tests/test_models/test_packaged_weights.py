"""The weights that come with the package do what they are for."""

from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.samples import LOAD_AND_PACK
from mmengine.config import Config
from mmengine.dataset import default_collate
from mmengine.runner import load_checkpoint

from ipdfer_mm.analysis.synthesis_report import (
    load_images,
    measure_synthesis,
    synthesize,
)
from ipdfer_mm.datasets import SyntheticFaces
from ipdfer_mm.metrics import VerificationMetric
from ipdfer_mm.models import IdentityEncoder
from ipdfer_mm.registry import MODELS
from ipdfer_mm.utils import register_all_modules
from ipdfer_mm.utils.weight_files import FOLDER

ROOT = Path(__file__).resolve().parents[2]
MAX_BYTES = 60 * 2**20


def render(folder, **kwargs):
    """210 images of 30 unseen subjects."""
    register_all_modules()
    return SyntheticFaces(
        str(folder), 'test', num_subjects=30, num_images=210, img_size=64,
        num_workers=0, pipeline=LOAD_AND_PACK, **kwargs)


@pytest.fixture(scope='module')
def faces(tmp_path_factory):
    """Images (N, 3, 64, 64) in [-1, 1] and subjects (N, )."""
    dataset = render(tmp_path_factory.mktemp('faces'), label='subject')
    batch = default_collate([dataset[i] for i in range(len(dataset))])
    pixels = torch.stack(list(batch['inputs'])).flip(1)  # RGB
    return pixels / 127.5 - 1, np.array(dataset.get_gt_labels())


def auc(feats, subjects):
    metric = VerificationMetric()
    return metric.compute_metrics(list(zip(subjects, feats)))['auc']


def test_its_identity_encoder_tells_unseen_subjects_apart(faces):
    images, subjects = faces
    torch.manual_seed(0)
    encoder = IdentityEncoder(
        dict(type='mmpretrain.ResNet', depth=18, stem_channels=16,
             base_channels=16),
        init_cfg=dict(type='Pretrained', prefix='identity_encoder.backbone.',
                      checkpoint='ipdfer_mm://ipdfer_rendered'))
    with torch.no_grad():
        untrained = auc(encoder(images), subjects)
        encoder.init_weights()
        trained = auc(encoder(images), subjects)
    assert trained > 0.94  # 0.95 and more on 700 images
    assert trained > untrained + 0.1


@pytest.fixture(scope='module')
def rendered(shared, tmp_path_factory):
    """IPD-FER, and faces of the ICT face model."""
    dataset = render(
        tmp_path_factory.mktemp('rendered'), seed=5,
        face_model=str(shared / 'data/ict_facekit/ict_facekit_light.npz'))
    model = MODELS.build(
        Config.fromfile(ROOT / 'configs/ipdfer_rendered.py').model)
    checkpoint = load_checkpoint(
        model, 'ipdfer_mm://ipdfer_rendered', strict=True)
    classes = checkpoint['meta']['dataset_meta']['classes']
    assert tuple(classes) == dataset.metainfo['classes']
    return model.eval(), dataset


def test_ipdfer_rendered_recognizes_expressions(rendered):
    model, dataset = rendered
    batch = default_collate([dataset[i] for i in range(len(dataset))])
    with torch.no_grad():
        samples = model.val_step(batch)
    right = [int(s.pred_label) == int(s.gt_label) for s in samples]
    assert np.mean(right) > 0.7  # 0.79 on 1,400 images


def test_ipdfer_rendered_takes_expressions_away(rendered):
    model, dataset = rendered
    test = load_images(dataset, model)
    faces = synthesize(model, test.images)
    report = measure_synthesis(faces, test.images.mean(dim=0), test)
    assert report['l1_ratio'] < 0.4  # 0.29 on 1,400 images
    assert report['neutral_gain']['closer'] > 0.7  # 0.82


def test_together_they_are_small():
    sizes = [path.stat().st_size for path in FOLDER.glob('*.safetensors')]
    assert 0 < np.sum(sizes) < MAX_BYTES


def test_each_file_is_explained():
    text = (FOLDER / 'README.md').read_text()
    for path in FOLDER.glob('*.safetensors'):
        assert f'`{path.stem}`' in text
