"""Linear erasure of factors from a feature, and from the layer behind it."""

import numpy as np
import torch
from mmpretrain.models import LinearNeck
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

# Directions in which a feature, or its covariance with the factors, is below
# this share of the largest one are noise.
TOLERANCE = 1e-6


def yaw_functions(yaws: np.ndarray) -> np.ndarray:
    """What a classifier could tell of a yaw: direction, size and yaw bin.

    Args:
        yaws (np.ndarray): Signed degrees, (N, ).

    Returns:
        np.ndarray: (N, 8).
    """
    radians = np.deg2rad(yaws)
    size = np.abs(radians)
    bins = [np.abs(yaws) >= start for start in (10, 20, 30, 40)]
    return np.stack([np.sin(radians), np.sin(2 * radians), size, size**2,
                     *bins], axis=1).astype(float)


def without_class_means(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Subtract from each row the mean of its class.

    Args:
        values (np.ndarray): (N, D).
        labels (np.ndarray): (N, ).

    Returns:
        np.ndarray: (N, D).
    """
    values = values.copy()
    for label in np.unique(labels):
        rows = labels == label
        values[rows] -= values[rows].mean(axis=0)
    return values


def fit_eraser(feats: np.ndarray,
               factors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the affine map after which no linear function tells the factors.

    `LEACE <https://arxiv.org/abs/2306.03819>`_ (Theorem 4.2): of all such
    maps the one that changes the features least in their own metric.

    Args:
        feats (np.ndarray): (N, D).
        factors (np.ndarray): (N, F).

    Returns:
        tuple[np.ndarray, np.ndarray]: A, (D, D), and b, (D, ): x A^T + b has
        the mean of x and no covariance with the factors.
    """
    mean = feats.mean(axis=0)
    centered = feats - mean
    variances, axes = np.linalg.eigh(centered.T @ centered / len(feats))
    kept = variances > TOLERANCE * variances[-1]
    axes, scales = axes[:, kept], variances[kept]**.5
    covariance = centered.T @ (factors - factors.mean(axis=0)) / len(feats)
    left, sizes, _ = np.linalg.svd(
        axes.T @ covariance / scales[:, None], full_matrices=False)
    left = left[:, sizes > TOLERANCE * sizes[0]]
    matrix = np.eye(len(mean)) - (
        axes * scales @ left) @ (left.T / scales @ axes.T)
    return matrix, mean - matrix @ mean


def check_neck(neck: nn.Module) -> None:
    """Refuse a neck that :func:`fold_into` cannot put a map into.

    Args:
        neck (nn.Module): The neck.

    Raises:
        ValueError: If it is no ``LinearNeck`` of mmpretrain, or has another
            norm than batch norm, or an activation.
    """
    if not isinstance(neck, LinearNeck) or not isinstance(
            neck.act, nn.Identity) or not isinstance(
                neck.norm, (nn.Identity, _BatchNorm)):
        raise ValueError('The feature is erased in the weights of a '
                         'mmpretrain.LinearNeck without activation, with '
                         f'batch norm or no norm, not of {neck}.')


@torch.no_grad()
def fold_into(neck: nn.Module, matrix: np.ndarray, shift: np.ndarray) -> None:
    """Put an affine map of a neck's output into its weights.

    Args:
        neck (nn.Module): mmpretrain's ``LinearNeck``; a batch norm of it
            becomes an identity.
        matrix (np.ndarray): A of :func:`fit_eraser`, (D, D).
        shift (np.ndarray): b, (D, ).

    Raises:
        ValueError: As :func:`check_neck`.
    """
    check_neck(neck)
    fc, norm = neck.fc, neck.norm
    weight, bias = fc.weight.double(), fc.bias.double()
    if isinstance(norm, _BatchNorm):
        scale = norm.weight / (norm.running_var + norm.eps).sqrt()
        weight = scale[:, None] * weight
        bias = scale * (bias - norm.running_mean) + norm.bias
        norm.reset_parameters()
        norm.running_var.fill_(1 - norm.eps)
    a = torch.as_tensor(matrix, device=weight.device)
    fc.weight.copy_(a @ weight)
    fc.bias.copy_(a @ bias + torch.as_tensor(shift, device=bias.device))
