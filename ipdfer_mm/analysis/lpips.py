"""Perceptual distance of images: LPIPS."""

from pathlib import Path

import torch.nn.functional as F
from torch import Tensor, nn
from torchmetrics.functional.image.lpips import _LPIPS

from ipdfer_mm.utils.compat import read_checkpoint

from .batches import in_batches
from .public_weights import PublicWeights
from .synthesis_report import COMPARED, FaceImages

ALEXNET = PublicWeights(
    "torchvision's AlexNet",
    'https://download.pytorch.org/models/alexnet-owt-7be5be79.pth')
# The side of the images that observers compared for the linear weights.
MIN_SIZE = 64


def load_lpips(path: str | Path) -> nn.Module:
    """Load the network of LPIPS: AlexNet of a file, weights of torchmetrics.

    Args:
        path (str or Path): torchvision's weights of AlexNet; only those of
            its convolutions, ``features.*``, are used. The linear weights
            that compare them come with torchmetrics.

    Returns:
        nn.Module: The network, in eval mode.

    Raises:
        FileNotFoundError: If the file is missing.
        ValueError: If it does not hold these weights.
    """
    with ALEXNET.explained(path):
        state = read_checkpoint(str(path), str(path), 'cpu', trust=False)
        # The public class of torchmetrics would download AlexNet.
        network = _LPIPS(net='alex', pnet_rand=True)
        # slice2.3.weight there is features.3.weight of torchvision.
        network.net.load_state_dict({
            key: state[f'features.{key.partition(".")[2]}']
            for key in network.net.state_dict()
        })
    return network


def lpips_distance(network: nn.Module, images: Tensor,
                   targets: Tensor) -> float:
    """Mean LPIPS of images to their targets (Zhang et al., 2018).

    Images with a side of less than 64 pixels are enlarged to 64,
    bilinearly: the weights are made for such images, and AlexNet halves
    the side four times.

    Args:
        network (nn.Module): What :func:`load_lpips` gives.
        images (Tensor): (N, 3, H, W), RGB in [-1, 1].
        targets (Tensor): (N, 3, H, W), RGB in [-1, 1].

    Returns:
        float: The mean; 0 for equal images.
    """
    size = [max(side, MIN_SIZE) for side in images.shape[2:]]

    def distance(*pair: Tensor) -> Tensor:
        return network(*(
            F.interpolate(part, size, mode='bilinear', align_corners=False)
            for part in pair)).flatten()

    return float(in_batches(network, distance, images, targets).mean())


def measure_lpips(network: nn.Module, faces: dict[str, Tensor],
                  test: FaceImages) -> dict[str, float]:
    """LPIPS of the synthesized faces.

    Args:
        network (nn.Module): What :func:`load_lpips` gives.
        faces (dict[str, Tensor]): What :func:`synthesize` gives.
        test (FaceImages): What the faces were made from.

    Returns:
        dict[str, float]: ``reconstruction``, to its input; where the true
        neutral faces are known, ``paired_neutral/<name>`` of input,
        reconstruction and neutral face to them, for the images of other
        classes.
    """
    report = dict(
        reconstruction=lpips_distance(network, faces['reconstruction'],
                                      faces['input']))
    if test.paired_neutrals is not None and len(test.expressive):
        for name in COMPARED:
            report[f'paired_neutral/{name}'] = lpips_distance(
                network, faces[name][test.expressive],
                test.paired_neutrals[test.expressive])
    return report
