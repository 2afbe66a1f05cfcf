"""Synthesised neutral faces against true ones."""

import torch
from torch import Tensor
from torchmetrics.functional.image import (
    peak_signal_noise_ratio,
    structural_similarity_index_measure,
)

# Pixels that show the expression: grey levels of 255.
CHANGED = 8
BATCH_SIZE = 32


def picture_similarity(pictures: Tensor, targets: Tensor) -> dict[str, float]:
    """Mean similarity of pictures with their targets, by torchmetrics.

    Args:
        pictures (Tensor): (N, 3, H, W) in [-1, 1].
        targets (Tensor): (N, 3, H, W) in [-1, 1].

    Returns:
        dict[str, float]: ``l1`` (mean absolute difference, in [0, 2]),
        ``psnr`` (dB) and ``ssim`` (at most 1), all averaged over pictures.
    """
    # In batches, as all at once needs gigabytes and is slower.
    ssim = torch.cat([
        structural_similarity_index_measure(
            *pair, data_range=(-1.0, 1.0), reduction='none')
        for pair in zip(pictures.split(BATCH_SIZE), targets.split(BATCH_SIZE))
    ])
    psnr = peak_signal_noise_ratio(
        pictures, targets, data_range=(-1.0, 1.0), dim=(1, 2, 3))
    return dict(
        l1=float((pictures - targets).abs().mean()),
        psnr=float(psnr),
        ssim=float(ssim.mean()))


def neutral_gain(pictures: Tensor, reconstructions: Tensor, neutrals: Tensor,
                 twins: Tensor) -> dict[str, float]:
    """How often the neutral face is nearer to the true one than its input's.

    Only pixels count that differ between picture and true neutral by more
    than ``CHANGED`` grey levels in a channel, those that show the expression.
    There the mean absolute difference of the synthesised neutral from the
    true one is compared with that of the reconstruction, which has the same
    blur but the expression of the input.

    Args:
        pictures (Tensor): Expressive pictures, (N, 3, H, W) in [-1, 1].
        reconstructions (Tensor): Their reconstructions, likewise.
        neutrals (Tensor): The synthesised neutral faces, likewise.
        twins (Tensor): The true neutral faces, likewise.

    Returns:
        dict[str, float]: ``closer``, the share of pictures whose neutral is
        nearer, ``neutral_l1`` and ``reconstruction_l1``, the mean differences
        there, and ``num_pictures``, those that count: where a pixel differs.

    Raises:
        ValueError: If no picture counts.
    """
    changed = (pictures - twins).abs().amax(dim=1) > CHANGED / 127.5  # NxHxW
    count = changed.sum(dim=(1, 2))
    if not count.any():
        raise ValueError('No picture differs from its true '
                         f'neutral by more than {CHANGED} grey levels.')

    def error(faces: Tensor) -> Tensor:
        difference = (faces - twins).abs().mean(dim=1) * changed
        return (difference.sum(dim=(1, 2)) / count)[count > 0]

    neutral, reconstruction = error(neutrals), error(reconstructions)
    return dict(
        closer=float((neutral < reconstruction).float().mean()),
        neutral_l1=float(neutral.mean()),
        reconstruction_l1=float(reconstruction.mean()),
        num_pictures=len(neutral))
