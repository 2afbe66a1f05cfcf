"""The weights that come with the package do what they are for."""

import numpy as np
import pytest
import torch
from mmengine.dataset import default_collate

from ipdfer_mm.datasets import SyntheticFaces
from ipdfer_mm.evaluation import VerificationMetric
from ipdfer_mm.models import IdentityEncoder
from ipdfer_mm.utils import register_all_modules
from ipdfer_mm.utils.weight_files import FOLDER

MAX_BYTES = 12 * 2**20


@pytest.fixture(scope='module')
def faces(tmp_path_factory):
    """Pictures (N, 3, 64, 64) in [-1, 1] and persons (N, ), all unseen."""
    register_all_modules()
    dataset = SyntheticFaces(
        str(tmp_path_factory.mktemp('faces')), 'test', num_people=30,
        num_pictures=210, img_size=64, num_workers=0, label='subject',
        pipeline=[dict(type='LoadFaceImage'), dict(type='PackFaceInputs')])
    batch = default_collate([dataset[i] for i in range(len(dataset))])
    pixels = torch.stack(list(batch['inputs'])).flip(1)  # RGB
    labels = torch.cat([s.gt_label for s in batch['data_samples']])
    return pixels / 127.5 - 1, labels.numpy()


def auc(feats, people):
    metric = VerificationMetric()
    return metric.compute_metrics(list(zip(people, feats)))['auc']


def test_identity_head_tells_unseen_people_apart(faces):
    pictures, people = faces
    torch.manual_seed(0)
    encoder = IdentityEncoder(
        dict(type='mmpretrain.ResNet', depth=18, stem_channels=16,
             base_channels=16),
        init_cfg=dict(
            type='Pretrained', checkpoint='ipdfer_mm://identity_head'))
    with torch.no_grad():
        untrained = auc(encoder(pictures), people)
        encoder.init_weights()
        trained = auc(encoder(pictures), people)
    assert trained > 0.94  # 0.95 and more on 700 pictures
    assert trained > untrained + 0.1


def test_together_they_are_small():
    sizes = [path.stat().st_size for path in FOLDER.glob('*.safetensors')]
    assert 0 < np.sum(sizes) < MAX_BYTES


def test_each_file_is_explained():
    text = (FOLDER / 'README.md').read_text()
    for path in FOLDER.glob('*.safetensors'):
        assert f'`{path.stem}`' in text
