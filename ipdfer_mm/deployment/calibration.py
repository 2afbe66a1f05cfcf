"""Balanced and calibrated scores, which the classifier's layer absorbs."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import minimize_scalar
from torch import Tensor

CLASSIFIERS = ('expression_head.fc', 'head.fc')
# Beyond, the classifier is either certain of everything or of nothing.
RANGE = (0.05, 20.0)


def fit_temperature(scores: np.ndarray, labels: np.ndarray) -> float:
    """Find the temperature under which the labels are most likely.

    After `On Calibration of Modern Neural Networks
    <https://arxiv.org/abs/1706.04599>`_ (Guo et al., 2017, Section 4.2).

    Args:
        scores (np.ndarray): Probabilities of images that were not trained
            on, (N, K). Their logarithms are the logits up to a constant of
            each image, which the softmax does not see.
        labels (np.ndarray): True classes, (N, ).

    Returns:
        float: What to divide the logits by; above 1 for a classifier that is
        too certain.

    Raises:
        ValueError: If there are no images, or no temperature from 0.05 to 20
            is best.
    """
    if not len(labels):
        raise ValueError('There are no images to calibrate on.')
    logits = torch.as_tensor(scores).double().clamp_min(1e-30).log()
    target = torch.as_tensor(labels).long()
    low, high = map(math.log, RANGE)
    best = minimize_scalar(
        lambda x: F.cross_entropy(logits / math.exp(x), target).item(),
        bounds=(low, high),
        method='bounded')
    all_right = (logits.argmax(1) == target).all()
    if all_right or min(best.x - low, high - best.x) < 1e-3:
        raise ValueError(
            f'No temperature from {RANGE[0]:g} to {RANGE[1]:g} makes the '
            f'labels of {len(labels)} images most likely: the classifier gets '
            'all of them right, or says nothing about them. Calibrate on '
            'images that it was not trained on.')
    return math.exp(best.x)


def prior_shift(labels: np.ndarray, number: int,
                strength: float) -> np.ndarray:
    r"""What to add to logits so that rare classes are answered more often.

    The logit adjustment of `Long-tail Learning via Logit Adjustment
    <https://arxiv.org/abs/2007.07314>`_ (Menon et al., 2021, Equation 9):
    :math:`-\tau \log \pi_k`, where :math:`\pi_k` is the share of class k.
    With :math:`\tau` of 1 the mean of the classes' recalls is to be highest,
    with 0 the accuracy.

    Args:
        labels (np.ndarray): Classes of images whose shares are those of
            training, (N, ).
        number (int): Number of classes, K.
        strength (float): :math:`\tau`.

    Returns:
        np.ndarray: (K, ), with mean 0.

    Raises:
        ValueError: If there is no image of a class.
    """
    counts = np.bincount(labels, minlength=number)
    if not counts.all():
        raise ValueError('The classes cannot be balanced: there is no image '
                         f'of {int((counts == 0).sum())} of {number} classes. '
                         'Predict images of all classes.')
    shift = -strength * np.log(counts)
    return shift - shift.mean()


def rescale_scores(scores: np.ndarray,
                   temperature: float = 1.0,
                   shift: np.ndarray | float = 0.0) -> np.ndarray:
    """Probabilities of the logits (logit + shift) / temperature.

    Args:
        scores (np.ndarray): Probabilities before, (N, K).
        temperature (float): From :func:`fit_temperature`.
        shift (np.ndarray or float): From :func:`prior_shift`, (K, ).

    Returns:
        np.ndarray: Probabilities, (N, K).
    """
    logits = torch.as_tensor(scores).double().clamp_min(1e-30).log()
    logits = (logits + torch.as_tensor(shift)) / temperature
    return logits.softmax(dim=1).numpy()


def rescale_logits(state: dict[str, Tensor],
                   temperature: float = 1.0,
                   shift: np.ndarray | float = 0.0) -> dict[str, Tensor]:
    """Make a classifier give (logit + shift) / temperature.

    Its last layer absorbs both: every program that reads the weights has the
    new scores.

    Args:
        state (dict[str, Tensor]): State dict of IPD-FER, of ID-FER or of a
            plain classifier of mmpretrain with a linear head.
        temperature (float): From :func:`fit_temperature`.
        shift (np.ndarray or float): From :func:`prior_shift`, (K, ).

    Returns:
        dict[str, Tensor]: The state dict with another last layer.

    Raises:
        ValueError: If there is no such layer.
    """
    name = next((name for name in CLASSIFIERS if f'{name}.bias' in state),
                None)
    if name is None:
        raise ValueError('The checkpoint has no linear classifier: none of '
                         f'{", ".join(CLASSIFIERS)}.')
    weight, bias = f'{name}.weight', f'{name}.bias'
    shifted = state[bias].double() + torch.as_tensor(shift)
    return {
        **state, weight: state[weight] / temperature,
        bias: (shifted / temperature).to(state[bias].dtype)
    }
