"""Linear erasure of factors."""

import numpy as np
import pytest
import torch
from mmpretrain.models import LinearNeck
from torch import nn

from ipdfer_mm.models.erasure import (
    fit_eraser,
    fold_into,
    without_class_means,
    yaw_functions,
)


@pytest.fixture
def data():
    """Correlated features that mix two factors and a class."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 500)
    factors = rng.normal(size=(500, 2)) + labels[:, None]
    feats = np.concatenate(
        [factors, np.eye(3)[labels], rng.normal(size=(500, 5))], axis=1)
    return feats @ rng.normal(size=(10, 10)), factors, labels


def explained(feats, target):
    """Share of the variance of a target that a linear function explains."""
    feats = feats - feats.mean(axis=0)
    target = target - target.mean(axis=0)
    fit = np.linalg.lstsq(feats, target, rcond=1e-9)[0]
    return 1 - ((target - feats @ fit)**2).sum() / (target**2).sum()


def test_nothing_linear_is_left_and_no_more_is_taken(data):
    feats, factors, _ = data
    matrix, shift = fit_eraser(feats, factors)
    erased = feats @ matrix.T + shift
    assert explained(feats, factors) > .99
    assert explained(erased, factors) < 1e-12
    np.testing.assert_allclose(erased.mean(axis=0), feats.mean(axis=0))
    # Two dimensions went, and in the metric of the features the change is
    # smaller than that of the orthogonal projection, which erases, too.
    assert np.linalg.matrix_rank(matrix, tol=1e-9) == 8
    centered = feats - feats.mean(axis=0)
    direction, _ = np.linalg.qr(
        centered.T @ (factors - factors.mean(axis=0)))
    projected = feats - centered @ direction @ direction.T
    assert explained(projected, factors) < 1e-12
    whitener = np.linalg.inv(np.cov(feats.T))

    def change(other):
        moved = other - feats
        return np.einsum('ij,jk,ik', moved, whitener, moved)

    assert change(erased) < .9 * change(projected)


def test_differences_between_classes_stay(data):
    feats, factors, labels = data
    matrix, shift = fit_eraser(feats, without_class_means(factors, labels))
    erased = feats @ matrix.T + shift
    within = without_class_means(factors, labels)
    assert explained(feats, within) > .3
    assert explained(erased, within) < 1e-12
    one_hot = np.eye(3)[labels]
    assert explained(erased, one_hot) == pytest.approx(
        explained(feats, one_hot), abs=1e-9)


def test_features_that_do_not_fill_their_space(data):
    """Dimensions without variance, as of dead units, do no harm."""
    feats, factors, _ = data
    padded = np.concatenate([feats, np.zeros((500, 2)), feats[:, :1]], axis=1)
    matrix, shift = fit_eraser(padded, factors)
    assert np.isfinite(matrix).all()
    assert explained(padded @ matrix.T + shift, factors) < 1e-9


@pytest.mark.parametrize('norm', [None, dict(type='BN1d')])
def test_folding_is_the_map_after_the_neck(norm, data):
    torch.manual_seed(0)
    neck = LinearNeck(7, 10, norm_cfg=norm).double()
    inputs = torch.randn(32, 7, dtype=torch.double)
    neck(inputs)  # running statistics
    neck.eval()
    if norm is not None:
        nn.init.normal_(neck.norm.weight)
        nn.init.normal_(neck.norm.bias)
    matrix, shift = fit_eraser(*data[:2])
    expected = neck(inputs)[0].detach().numpy() @ matrix.T + shift
    fold_into(neck, matrix, shift)
    np.testing.assert_allclose(
        neck(inputs)[0].detach().numpy(), expected, atol=1e-9)


@pytest.mark.parametrize('neck', [
    LinearNeck(7, 10, norm_cfg=None, act_cfg=dict(type='ReLU')),
    LinearNeck(7, 10, norm_cfg=dict(type='LN')), nn.Identity()])
def test_other_necks_are_refused(neck):
    with pytest.raises(ValueError, match='LinearNeck without activation'):
        fold_into(neck, np.eye(10), np.zeros(10))


def test_yaw_functions():
    values = yaw_functions(np.array([-90., 0., 25.]))
    np.testing.assert_allclose(values[0, :4], [
        -1, 0, np.pi / 2, np.pi**2 / 4], atol=1e-12)
    assert values[:, 4:].tolist() == [
        [1, 1, 1, 1], [0, 0, 0, 0], [1, 1, 0, 0]]
