"""Distance of sets of faces: FID and KID."""

import warnings
from pathlib import Path
from typing import Any

import torch
from mmengine.utils import track_iter_progress
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import KernelInceptionDistance

from ipdfer_mm.utils.compat import read_checkpoint

from .public_weights import PublicWeights
from .synthesis_report import COMPARED, FaceImages

INCEPTION = PublicWeights(
    "torch-fidelity's Inception",
    'https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/'
    'weights-inception-2015-12-05-6726825d.pth')
BATCH_SIZE = 16  # images of 299x299 pixels
NUM_FEATURES = 2048
MIN_IMAGES = 4
SUBSET_SIZE = 1000  # largest, as Binkowski et al. have it
FEW_IMAGES = (
    'FID of {count} images is biased, and with fewer than 2,048 the '
    'covariances of its 2,048 features are singular: compare it only with '
    'that of as many images. Its authors advise 10,000 (Heusel et al., '
    '2017; github.com/bioinf-jku/TTUR). KID is unbiased (Binkowski et al., '
    '2018, arXiv:1801.01401); its spread is that of random subsets of '
    '{subset} images.')


def load_inception(path: str | Path) -> nn.Module:
    """Load the Inception network of FID from a file.

    Args:
        path (str or Path): The weights that torch-fidelity uses, TensorFlow's
            of 2015-12-05.

    Returns:
        nn.Module: torch-fidelity's network, in eval mode: uint8 images of
        any size to a tuple of features, (N, 2048).

    Raises:
        ImportError: If torch-fidelity is not installed.
        FileNotFoundError: If the file is missing.
        ValueError: If it does not hold these weights.
    """
    try:
        from torch_fidelity import FeatureExtractorInceptionV3
    except ImportError as error:
        raise ImportError('FID needs torch-fidelity: '
                          'pip install torch-fidelity') from error
    with INCEPTION.explained(path):
        # Refuses what could run code: torch-fidelity unpickles any file.
        read_checkpoint(str(path), str(path), 'cpu', trust=False)
        return FeatureExtractorInceptionV3('inception-v3-compat',
                                           [str(NUM_FEATURES)], str(path))


@torch.no_grad()
def inception_features(network: nn.Module, images: Tensor) -> Tensor:
    """Embed images as FID does.

    Args:
        network (nn.Module): What :func:`load_inception` gives.
        images (Tensor): (N, 3, H, W), RGB in [-1, 1].

    Returns:
        Tensor: (N, 2048), float64, on the CPU.
    """
    device = next(network.parameters()).device
    feats = []
    for batch in track_iter_progress(list(images.split(BATCH_SIZE))):
        pixels = ((batch.clamp(-1, 1) + 1) * 127.5).round().byte()
        feats.append(network(pixels.to(device))[0].cpu())
    return torch.cat(feats).double()


def set_distance(real: Tensor, fake: Tensor) -> dict[str, float]:
    """FID and KID of two sets of features, by torchmetrics.

    Args:
        real (Tensor): (N, D), float64.
        fake (Tensor): (M, D), float64.

    Returns:
        dict[str, float]: ``fid``, the Frechet distance of the normal
        distributions with their means and covariances (Heusel et al., 2017);
        ``kid`` and ``kid_spread``, mean and standard deviation of the squared
        maximum mean discrepancy over 100 random subsets of half of the
        images, at most 1000 (Binkowski et al., 2018), the same at each
        call.

    Raises:
        ValueError: If there are fewer than four images in a set.
    """
    count = min(len(real), len(fake))
    if count < MIN_IMAGES:
        raise ValueError(f'FID and KID need {MIN_IMAGES} images or more, '
                         f'but there are {count}.')
    with warnings.catch_warnings():
        # That it keeps the features, which are small here.
        warnings.filterwarnings('ignore', message='.*will save all extracted')
        kid = KernelInceptionDistance(
            nn.Identity(), subset_size=_subset_size(count))
    # FID is the same in any basis of what the features span. That of few
    # images has few dimensions, and the eigenvalues take no time.
    basis = torch.linalg.qr(torch.cat([real, fake]).T).Q
    given = nn.Identity()
    given.num_features = basis.shape[1]
    fid = FrechetInceptionDistance(given)
    for feats, is_real in ((real, True), (fake, False)):
        fid.update(feats @ basis, is_real)
        kid.update(feats, is_real)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        mean, spread = kid.compute()
    return dict(
        fid=float(fid.compute()), kid=float(mean), kid_spread=float(spread))


def _subset_size(count: int) -> int:
    return min(SUBSET_SIZE, count // 2)


def measure_fid(network: nn.Module, faces: dict[str, Tensor],
                test: FaceImages) -> dict[str, Any]:
    """FID and KID of the synthesized faces.

    Args:
        network (nn.Module): What :func:`load_inception` gives.
        faces (dict[str, Tensor]): What :func:`synthesize` gives.
        test (FaceImages): What the faces were made from.

    Returns:
        dict[str, Any]: :func:`set_distance` to the input of
        ``reconstruction`` and ``neutral``; where the paired neutral faces are
        known, ``paired_neutral/neutral``, of the neutral faces to them;
        ``num_images`` of each set; and a ``note`` where they are few.

    Raises:
        ValueError: If there are fewer than four images.
    """
    count = len(test.images)
    report: dict[str, Any] = dict(num_images=count)
    if count < NUM_FEATURES:
        report['note'] = FEW_IMAGES.format(
            count=count, subset=_subset_size(count))
    real, reconstruction, neutral = (
        inception_features(network, faces[name])
        for name in COMPARED)
    report['reconstruction'] = set_distance(real, reconstruction)
    report['neutral'] = set_distance(real, neutral)
    if test.paired_neutrals is not None:
        report['paired_neutral/neutral'] = set_distance(
            inception_features(network, test.paired_neutrals), neutral)
    return report
