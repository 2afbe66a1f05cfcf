"""Decoded faces whose components come from three subjects."""

from dataclasses import replace

import torch
import torch.nn.functional as F
from mmpretrain.models import ImageClassifier
from torch import Tensor, nn

from ipdfer_mm.models import IPDFERModel

from .batches import in_batches
from .neutral import neutral_gain
from .swap_rendering import SwapImages
from .synthesis_report import FaceImages, classify_expressions

DONORS = ('identity', 'pose', 'expression')


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

    def decode(first: Tensor, second: Tensor, third: Tensor) -> Tensor:
        feat = model.identity_encoder(first)
        if model.pose_encoder is not None:
            feat = feat + model.pose_encoder(second)
        return model.decoder(feat + model.expression_encoder(third))

    return in_batches(model, decode, identity, pose, expression)


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
    first, truth = swaps.donors['identity'], swaps.truth
    faces = dict(
        swap=decode_swap(model, **swaps.donors),
        no_swap=decode_swap(model, first, first, first),
        truth=truth)
    rebuilt = decode_swap(model, truth, truth, truth)
    compared = dict(
        swap_l1=(faces['swap'], truth),
        truth_reconstruction_l1=(rebuilt, truth),
        no_swap_l1=(faces['no_swap'], truth),
        mean_image_l1=(mean_image[None], truth),
        reconstruction_l1=(faces['no_swap'], first))
    gain = neutral_gain(first, faces['no_swap'], faces['swap'], truth)
    attributes = _attributes(
        model, swaps, faces, identity_network or model.identity_encoder)
    if classifier is not None:
        asked = classify_expressions(
            classifier, faces, replace(images, expressions=swaps.expressions))
        for name, answer in asked.items():
            attributes[name]['expression'] = answer['as_labeled']
    return dict(
        {name: float((shown - target).abs().mean())
         for name, (shown, target) in compared.items()},
        closer=gain['closer'], num_swaps=len(truth), attributes=attributes)


def _attributes(model: IPDFERModel, swaps: SwapImages,
                faces: dict[str, Tensor],
                network: nn.Module) -> dict[str, dict[str, float]]:
    """Shares in which faces have identity and pose of their donors."""
    def embed(images: Tensor) -> Tensor:
        return F.normalize(in_batches(network, network, images))  # NxD

    def pose(images: Tensor) -> Tensor:
        return model.pose_head((model.pose_encoder(images), )).argmax(dim=1)

    donors = torch.stack([embed(swaps.donors[name]) for name in DONORS])
    attributes: dict[str, dict[str, float]] = {}
    for name, shown in faces.items():
        nearest = (donors * embed(shown)).sum(dim=2).argmax(dim=0)  # 3xN to N
        attributes[name] = dict(identity=float((nearest == 0).float().mean()))
        if model.pose_encoder is not None:
            seen = in_batches(model, pose, shown).numpy()
            attributes[name]['pose'] = float((seen == swaps.poses).mean())
    return attributes
