from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import torchmetrics
from helpers.face_images import make_face_images, random_images
from helpers.metric_weights import alexnet_features, save_alexnet

from ipdfer_mm.analysis.lpips import load_lpips, lpips_distance, measure_lpips

RELUS = (1, 4, 7, 9, 11)
# Of ImageNet, for images in [0, 1].
MEAN = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
STD = torch.tensor([0.229, 0.224, 0.225])[:, None, None]


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp('lpips') / 'alexnet.pth'
    return path, save_alexnet(path)


@pytest.fixture(scope='module')
def network(weights):
    return load_lpips(weights[0])


@torch.no_grad()
def formula(state, one, other):
    """Equation 1 of Zhang et al., with the linear weights of torchmetrics."""
    layers = alexnet_features().eval()
    layers.load_state_dict(
        {key.removeprefix('features.'): value
         for key, value in state.items() if key.startswith('features.')})
    linear = torch.load(
        Path(torchmetrics.__file__).parent /
        'functional/image/lpips_models/alex.pth', map_location='cpu')
    one, other = (((x + 1) / 2 - MEAN) / STD for x in (one, other))
    total = torch.zeros(len(one))
    for index, layer in enumerate(layers):
        one, other = layer(one), layer(other)
        if index in RELUS:
            unit = [x / x.norm(dim=1, keepdim=True).clamp(min=1e-4)
                    for x in (one, other)]
            weight = linear[f'lin{RELUS.index(index)}.model.1.weight']
            squares = (unit[0] - unit[1])**2 * weight[0]
            total += squares.sum(dim=1).mean(dim=(1, 2))
    return float(total.mean())


def test_formula(weights, network):
    for size in (64, 96):
        one, other = (random_images(seed, 3, size) for seed in (0, 1))
        expected = formula(weights[1], one, other)
        assert expected > 0.01
        assert lpips_distance(network, one, other) == pytest.approx(
            expected, rel=1e-3)


def test_mean_over_batches(network):
    one, other = random_images(0, 70, 64), random_images(1, 70, 64)
    parts = [lpips_distance(network, one[i], other[i])
             for i in (slice(0, 7), slice(7, 70))]
    assert lpips_distance(network, one, other) == pytest.approx(
        0.1 * parts[0] + 0.9 * parts[1], rel=1e-5)


def test_small_images_are_enlarged(weights, network):
    small = random_images(0, 3, 32), random_images(1, 3, 32)
    large = [torch.from_numpy(np.stack([
        cv2.resize(image.permute(1, 2, 0).numpy(), (64, 64))
        for image in batch])).permute(0, 3, 1, 2) for batch in small]
    assert lpips_distance(network, *small) == pytest.approx(
        formula(weights[1], *large), rel=1e-3)


def faces_and_test(paired_neutrals):
    one, two, three = (random_images(seed, 3, 64) for seed in range(3))
    return dict(input=one, reconstruction=two, neutral=three), (
        make_face_images(one, paired_neutrals=paired_neutrals,
                         expressions=np.array(['fear', 'neutral', 'fear'])))


def test_report(network):
    """The neutral image is not compared with itself as its paired_neutral."""
    paired_neutrals = random_images(3, 3, 64)
    faces, test = faces_and_test(paired_neutrals)
    report = measure_lpips(network, faces, test)
    expected = dict(reconstruction=lpips_distance(
        network, faces['reconstruction'], faces['input']))
    for name in ('input', 'reconstruction', 'neutral'):
        expected[f'paired_neutral/{name}'] = lpips_distance(
            network, faces[name][[0, 2]], paired_neutrals[[0, 2]])
    assert report == pytest.approx(expected)
    assert len(set(report.values())) == 4


def test_report_without_paired_neutrals(network):
    report = measure_lpips(network, *faces_and_test(None))
    assert set(report) == {'reconstruction'}


WRONG = dict(
    cut=lambda state, content: content[:10**6],
    text=lambda state, content: b'<html>404</html>',
    other_network=lambda state, content: {
        key: value for key, value in state.items() if '10' not in key},
    shape=lambda state, content: {
        **state, 'features.0.weight': torch.zeros(64, 3, 3, 3)},
    checkpoint=lambda state, content: dict(state_dict=state),
    list=lambda state, content: list(state.values()))


@pytest.mark.parametrize('damage', WRONG)
def test_wrong_files(weights, tmp_path, damage):
    path = tmp_path / 'wrong.pth'
    wrong = WRONG[damage](weights[1], weights[0].read_bytes())
    if isinstance(wrong, bytes):
        path.write_bytes(wrong)
    else:
        torch.save(wrong, path)
    with pytest.raises(ValueError, match=r'wrong.pth is damaged, or holds '
                       r'something else.*alexnet-owt-7be5be79.pth'):
        load_lpips(path)


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match='none.pth.*alexnet-owt'):
        load_lpips(tmp_path / 'none.pth')
