"""Synthesized neutral faces against true ones."""

import torch
from torch import Tensor
from torchmetrics.functional.image import (
    peak_signal_noise_ratio,
    structural_similarity_index_measure,
)

# Pixels that show the expression: gray levels of 255.
CHANGED = 8
BATCH_SIZE = 32


def image_similarity(images: Tensor, targets: Tensor) -> dict[str, float]:
    """Mean similarity of images with their targets, by torchmetrics.

    Args:
        images (Tensor): (N, 3, H, W) in [-1, 1].
        targets (Tensor): (N, 3, H, W) in [-1, 1].

    Returns:
        dict[str, float]: ``l1`` (mean absolute difference, in [0, 2]),
        ``psnr`` (dB) and ``ssim`` (at most 1), all averaged over images.
    """
    # In batches, as all at once needs gigabytes and is slower.
    ssim = torch.cat([
        structural_similarity_index_measure(
            *pair, data_range=(-1.0, 1.0), reduction='none')
        for pair in zip(images.split(BATCH_SIZE), targets.split(BATCH_SIZE))
    ])
    psnr = peak_signal_noise_ratio(
        images, targets, data_range=(-1.0, 1.0), dim=(1, 2, 3))
    return dict(
        l1=float((images - targets).abs().mean()),
        psnr=float(psnr),
        ssim=float(ssim.mean()))


def neutral_gain(images: Tensor, reconstructions: Tensor, neutrals: Tensor,
                 paired_neutrals: Tensor) -> dict[str, float]:
    """How often the neutral face is nearer to the true one than its input's.

    Only pixels count that differ between image and paired neutral by more
    than ``CHANGED`` gray levels in a channel, those that show the expression.
    There the mean absolute difference of the synthesized neutral from the
    true one is compared with that of the reconstruction, which has the same
    blur but the expression of the input.

    Args:
        images (Tensor): Expressive images, (N, 3, H, W) in [-1, 1].
        reconstructions (Tensor): Their reconstructions, likewise.
        neutrals (Tensor): The synthesized neutral faces, likewise.
        paired_neutrals (Tensor): The paired neutral faces, likewise.

    Returns:
        dict[str, float]: ``closer``, the share of images whose neutral is
        nearer, ``neutral_l1`` and ``reconstruction_l1``, the mean differences
        there, and ``num_images``, those that count: where a pixel differs.

    Raises:
        ValueError: If no image counts.
    """
    changes = (images - paired_neutrals).abs().amax(dim=1)  # NxHxW
    changed = changes > CHANGED / 127.5
    count = changed.sum(dim=(1, 2))
    if not count.any():
        raise ValueError('No image differs from its true '
                         f'neutral by more than {CHANGED} gray levels.')

    def error(faces: Tensor) -> Tensor:
        difference = (faces - paired_neutrals).abs().mean(dim=1) * changed
        return (difference.sum(dim=(1, 2)) / count)[count > 0]

    neutral, reconstruction = error(neutrals), error(reconstructions)
    return dict(
        closer=float((neutral < reconstruction).float().mean()),
        neutral_l1=float(neutral.mean()),
        reconstruction_l1=float(reconstruction.mean()),
        num_images=len(neutral))
