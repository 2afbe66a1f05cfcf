"""Decoded faces whose components come from three subjects."""

from dataclasses import replace

import numpy as np
import torch
from mmpretrain.models import ImageClassifier
from torch import Tensor, nn

from ipdfer_mm.models import IPDFERModel

from .neutral import neutral_gain
from .swap_rendering import SwapImages
from .synthesis_report import BATCH_SIZE, FaceImages, classify_expressions

DONORS = ('identity', 'pose', 'expression')


@torch.no_grad()
def decode_swap(model: IPDFERModel, identity: Tensor, pose: Tensor,
                expression: Tensor) -> Tensor:
    """Decode f_id of one, f_pose of another and f_exp of a third image.

    Args:
        model (IPDFERModel): The model, in eval mode. Without a pose encoder
            there is no f_pose, and ``pose`` is not used.
        identity (Tensor): (N, 3, H, W) in [-1, 1].
        pose (Tensor): Likewise.
        expression (Tensor): Likewise.

    Returns:
        Tensor: Decoded faces on the CPU, likewise. With one and the same
        image they are its reconstruction.
    """
    device = next(model.parameters()).device
    faces = []
    for one, two, three in zip(*(images.split(BATCH_SIZE) for images in (
            identity, pose, expression))):
        feat = model.identity_encoder(one.to(device))
        if model.pose_encoder is not None:
            feat = feat + model.pose_encoder(two.to(device))
        feat = feat + model.expression_encoder(three.to(device))
        faces.append(model.decoder(feat).cpu())
    return torch.cat(faces)


def measure_swap(model: IPDFERModel,
                 swaps: SwapImages,
                 mean_image: Tensor,
                 images: FaceImages,
                 identity_network: nn.Module | None = None,
                 classifier: ImageClassifier | None = None) -> dict:
    """Compare decoded swaps with the rendered truth.

    Args:
        model (IPDFERModel): The model, in eval mode.
        swaps (SwapImages): What to swap.
        mean_image (Tensor): Mean of the training images, (3, H, W).
        images (FaceImages): The images of the dataset.
        identity_network (nn.Module, optional): Embeds faces as
            :class:`IdentityEncoder` does. Defaults to None, the model's own.
        classifier (ImageClassifier, optional): An expression classifier.

    Returns:
        dict: ``swap_l1``, mean absolute difference of swap and truth, beside
        that of the truth from the mean image (``mean_image_l1``), from
        the reconstruction of the first donor, in which nothing is swapped
        (``no_swap_l1``), and from its own reconstruction, the best to be
        expected (``truth_reconstruction_l1``); ``reconstruction_l1`` of the
        first donor from its own reconstruction; ``closer``, the share of
        swaps that are nearer to the truth than ``no_swap`` is, where donor
        and truth differ (:func:`neutral_gain`).

        ``attributes``: for ``swap``, ``no_swap`` and the rendered ``truth``
        the share whose ``identity`` feature has a larger cosine with the
        first donor than with those of the others that are other images
        (chance is 1/2 with one such, 1/3 with two); in which the model's own
        pose classifier sees the ``pose`` of the second, and the expression
        classifier the ``expression`` of the third.
    """
    donors = swaps.donors
    first = donors['identity']
    no_swap = decode_swap(model, first, first, first)
    truth = swaps.truth
    swap = decode_swap(model, **donors)
    gain = neutral_gain(first, no_swap, swap, truth)

    def error(faces: Tensor, target: Tensor) -> float:
        return float((faces - target).abs().mean())

    report = dict(
        swap_l1=error(swap, truth),
        truth_reconstruction_l1=error(
            decode_swap(model, truth, truth, truth), truth),
        no_swap_l1=error(no_swap, truth),
        mean_image_l1=error(mean_image[None], truth),
        reconstruction_l1=error(no_swap, first),
        closer=gain['closer'],
        num_swaps=len(truth))
    faces = dict(swap=swap, no_swap=no_swap, truth=truth)
    network = identity_network or model.identity_encoder
    donor_feats = torch.stack([_embed(network, donors[name])
                               for name in DONORS])  # 3xNxD
    attributes: dict[str, dict[str, float]] = {}
    for name, shown in faces.items():
        cosine = (donor_feats * _embed(network, shown)).sum(dim=2)  # 3xN
        attributes[name] = dict(
            identity=float((cosine.argmax(dim=0) == 0).float().mean()))
        if model.pose_encoder is not None:
            attributes[name]['pose'] = float(
                (_pose(model, shown) == swaps.poses).mean())
    if classifier is not None:
        asked = classify_expressions(
            classifier, faces, replace(images, expressions=swaps.expressions))
        for name, answer in asked.items():
            attributes[name]['expression'] = answer['as_labeled']
    return dict(report, attributes=attributes)


@torch.no_grad()
def _embed(network: nn.Module, images: Tensor) -> Tensor:
    """Features of length 1, (N, D), on the CPU."""
    device = next(network.parameters()).device
    feats = torch.cat([network(batch.to(device)).cpu()
                       for batch in images.split(BATCH_SIZE)])
    return nn.functional.normalize(feats)


@torch.no_grad()
def _pose(model: IPDFERModel, images: Tensor) -> np.ndarray:
    device = next(model.parameters()).device
    return torch.cat([
        model.pose_head((model.pose_encoder(batch.to(device)), )).argmax(
            dim=1).cpu() for batch in images.split(BATCH_SIZE)
    ]).numpy()
