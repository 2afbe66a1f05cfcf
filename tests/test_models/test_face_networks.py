"""The packaged face-recognition networks on photographs of unseen subjects."""

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from ipdfer_mm.datasets import LFWPairs
from ipdfer_mm.geometry import align_face
from ipdfer_mm.models import IdentityEncoder
from ipdfer_mm.models.utils import resize_square
from ipdfer_mm.preparation.face_choice import choose_face
from ipdfer_mm.preparation.face_search import FaceSearch
from ipdfer_mm.preparation.reading import read_image
from ipdfer_mm.preparation.recipe import Recipe
from ipdfer_mm.preparation.region import Region

FOLDS = 2
IMAGENET = dict(mean=(123.675, 116.28, 103.53), std=(58.395, 57.12, 57.375))


def resnet18(name, width, **kwargs):
    """A packaged network of 512 or 128 features."""
    return IdentityEncoder(
        dict(type='mmpretrain.ResNet', depth=18, stem_channels=width // 8,
             base_channels=width // 8, **kwargs),
        neck=dict(type='mmpretrain.LinearNeck', in_channels=width,
                  out_channels=width, gap_dim=2, norm_cfg=None),
        init_cfg=dict(type='Pretrained', checkpoint=f'ipdfer_mm://{name}'))


@pytest.fixture(scope='module')
def pairs(lfw_people):
    """Paths of the first folds, and (first, second, same) of each pair."""
    dataset = LFWPairs(str(lfw_people), pipeline=[])
    listed = np.array([pair[1:] for pair in dataset.metainfo['pairs']
                       if pair[0] < FOLDS])
    used = np.unique(listed[:, :2])
    paths = [dataset.get_data_info(index)['img_path'] for index in used]
    return paths, np.searchsorted(used, listed[:, :2]), listed[:, 2] == 1


def aligned(paths, recipe):
    """Faces (N, 3, 112, 112), RGB in [-1, 1], as preparation makes them."""
    search = FaceSearch(recipe)
    faces = []
    for path in paths:
        image = read_image(Path(path))
        region = Region.of(image, None)
        face = choose_face(search([image], [region])[0], region.center)
        assert face.can_be_aligned, path
        faces.append(align_face(image, face.points))
    pixels = torch.from_numpy(np.stack(faces)).permute(0, 3, 1, 2).float()
    return pixels / 127.5 - 1


@pytest.fixture(scope='module')
def tight(pairs):
    """By the default recipe of inference, without a margin."""
    return aligned(pairs[0], Recipe(pose='none'))


def auc(encoder, images, pairs):
    encoder.init_weights()
    with torch.no_grad():
        feats = torch.cat([encoder(part) for part in images.split(32)])
    feats = torch.nn.functional.normalize(feats)
    first, second = pairs[1].T
    cosine = (feats[first] * feats[second]).sum(dim=1)
    return roc_auc_score(pairs[2], cosine)


def test_points_fit_the_teacher(shared, tight, pairs):
    """0.998 with a margin of half of the image, 0.97 with points that the
    border pulls outward."""
    file = shared / 'weights/mobilefacenet/mobilefacenet_ms1m.safetensors'
    teacher = IdentityEncoder(
        dict(type='MobileFaceNet'), **IMAGENET,
        init_cfg=dict(type='Pretrained', checkpoint=str(file)))
    assert auc(teacher, tight, pairs) > .99


def test_face_resnet18(tight, pairs):
    encoder = resnet18('face_resnet18', 512)
    assert auc(encoder, tight, pairs) > .95
    with torch.no_grad():
        feats = encoder(tight[:32])
        # Colored light does not make another subject.
        warm = ((tight[:32] + 1) / 2)**torch.tensor(
            [.8, 1., 1.25]).view(3, 1, 1) * 2 - 1
        cosine = torch.cosine_similarity(encoder(warm), feats)
    assert feats.shape == (32, 512)
    assert .3 < (feats < 0).float().mean() < .7  # signed
    assert cosine.mean() > .9


def test_face_resnet18_small(tight, pairs):
    encoder = resnet18('face_resnet18_small', 128, strides=(1, 2, 2, 1))
    assert auc(encoder, resize_square(tight, 64), pairs) > .89
