import sys

import numpy as np
import pytest
import torch
from helpers.damage import Payload
from helpers.face_images import make_face_images, random_images
from helpers.metric_weights import save_inception
from torch import nn
from torchmetrics.image.fid import FrechetInceptionDistance

from ipdfer_mm.analysis import fid
from ipdfer_mm.analysis.fid import (
    inception_features,
    load_inception,
    measure_fid,
    set_distance,
)


def features(seed, count, width, scale=1.0):
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(width, width))
    return torch.from_numpy(
        scale * rng.normal(size=(count, width)) @ mixing + rng.normal())


def frechet_distance(one, other):
    """Heusel et al., 2017, also where covariances are singular.

    The trace of the root is the sum of the singular values of the product of
    the centered features.
    """
    one, other = one.numpy(), other.numpy()
    mean = one.mean(axis=0) - other.mean(axis=0)
    one = (one - one.mean(axis=0)) / np.sqrt(len(one) - 1)
    other = (other - other.mean(axis=0)) / np.sqrt(len(other) - 1)
    root = np.linalg.svd(one @ other.T, compute_uv=False).sum()
    return mean @ mean + (one**2).sum() + (other**2).sum() - 2 * root


def kernel_distance(one, other):
    """Binkowski et al., 2018, Eq. 4, from all images at once."""
    one, other = one.numpy(), other.numpy()

    def kernel(x, y):
        return (x @ y.T / x.shape[1] + 1)**3

    def mean_of_others(x):
        off_diagonal = ~np.eye(len(x), dtype=bool)
        return kernel(x, x)[off_diagonal].mean()

    return mean_of_others(one) + mean_of_others(other) - 2 * kernel(
        one, other).mean()


@pytest.mark.parametrize('counts, width', [
    ((200, 150), 8), ((12, 9), 300)])
def test_more_and_fewer_images_than_features(counts, width):
    one, other = (features(i, count, width) for i, count in enumerate(counts))
    assert set_distance(one, other)['fid'] == pytest.approx(
        frechet_distance(one, other), rel=1e-6)


def test_kid():
    one, other = features(0, 200, 8, 0.2), features(1, 200, 8, 0.2)
    result = set_distance(one, other)
    expected = kernel_distance(one, other)
    assert result['kid_spread'] > 0
    # The mean of 100 subsets.
    assert result['kid'] == pytest.approx(
        expected, abs=4 * result['kid_spread'] / 10)
    assert result['kid'] > 4 * result['kid_spread'] / 10  # not of nothing


def test_kid_is_the_same_at_each_call():
    one, other = features(0, 20, 8), features(1, 20, 8)
    state = torch.get_rng_state()
    first = set_distance(one, other)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(7)
    assert set_distance(one, other) == first


def test_too_few_images():
    with pytest.raises(ValueError, match='need 4 images.* are 3'):
        set_distance(features(0, 3, 8), features(1, 5, 8))


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    path = save_inception(tmp_path_factory.mktemp('fid') / 'inception.pth')
    yield path
    path.unlink()  # 100 MB


def test_features(weights):
    """Those of torchmetrics' own Inception, of the pixels."""
    faces = random_images(0, 2, 64)
    faces[0, 0, 0, 0] = 1.01  # clipped
    feats = inception_features(load_inception(weights), faces)
    assert feats.shape == (2, 2048)
    pixels = np.clip(np.rint((faces.numpy() + 1) * 127.5), 0, 255)
    metric = FrechetInceptionDistance(
        feature_extractor_weights_path=str(weights), antialias=False)
    with torch.no_grad():
        expected = metric.inception(torch.from_numpy(pixels.astype(np.uint8)))
    assert expected.std() > 0.01
    torch.testing.assert_close(feats.float(), expected)


class Colors(nn.Module):
    """Means of 2x2 patches, in place of Inception."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(1 / 255))

    def forward(self, pixels):
        assert pixels.dtype == torch.uint8
        means = nn.functional.adaptive_avg_pool2d(pixels.float(), 2)
        return (means.flatten(1) * self.scale, )


def faces_and_test(count, paired_neutrals):
    faces = dict(input=random_images(0, count, 16),
                 reconstruction=0.5 * random_images(1, count, 16),
                 neutral=random_images(2, count, 16).abs())
    return faces, make_face_images(
        faces['input'], paired_neutrals=paired_neutrals)


def embed(faces):
    pixels = np.rint((faces.numpy() + 1) * 127.5) / 255
    patches = pixels.reshape(len(pixels), 3, 2, 8, 2, 8).mean(axis=(3, 5))
    return torch.from_numpy(patches.reshape(len(pixels), 12))


def test_report():
    count = 40
    faces, test = faces_and_test(count, random_images(3, count, 16))
    report = measure_fid(Colors(), faces, test)
    assert report['num_images'] == count
    assert 'FID of 40 images is biased' in report['note']
    assert 'subsets of 20 images' in report['note']
    sets = {name: embed(face) for name, face in faces.items()}
    paired_neutrals = embed(test.paired_neutrals)
    for name, real, fake in (
            ('reconstruction', sets['input'], sets['reconstruction']),
            ('neutral', sets['input'], sets['neutral']),
            ('paired_neutral/neutral', paired_neutrals, sets['neutral'])):
        assert report[name]['fid'] == pytest.approx(
            frechet_distance(real, fake), rel=1e-4)


def test_many_images_without_paired_neutrals(monkeypatch):
    monkeypatch.setattr(fid, 'SUBSET_SIZE', 8)  # 1000 take seconds
    report = measure_fid(Colors(), *faces_and_test(2048, None))
    assert set(report) == {'num_images', 'reconstruction', 'neutral'}


def test_wrong_files(weights, tmp_path):
    cut, other = tmp_path / 'cut.pth', tmp_path / 'other.pth'
    cut.write_bytes(weights.read_bytes()[:10**6])
    # The Inception of torchvision has other names.
    torch.save({'Conv2d_1a_3x3.conv.weight': torch.zeros(32, 3, 3, 3)}, other)
    for path in (cut, other):
        with pytest.raises(ValueError, match=f'{path.name} is damaged, or '
                           'holds something else.*6726825d.pth'):
            load_inception(path)
    with pytest.raises(FileNotFoundError, match='none.pth.*6726825d.pth'):
        load_inception(tmp_path / 'none.pth')


def test_no_code_of_a_file_runs(tmp_path):
    pytest.importorskip('torch_fidelity')
    path = tmp_path / 'harmful.pth'
    torch.save(dict(a=Payload(tmp_path / 'written')), path)
    with pytest.raises(ValueError, match='harmful.pth'):
        load_inception(path)
    assert not (tmp_path / 'written').exists()


def test_without_torch_fidelity(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, 'torch_fidelity', None)
    with pytest.raises(ImportError, match='pip install torch-fidelity'):
        load_inception(tmp_path / 'any.pth')
