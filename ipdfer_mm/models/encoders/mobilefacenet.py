"""A small network for face recognition."""

from functools import partial

import torch
import torch.nn as nn
from mmengine.model import BaseModule
from torch import Tensor
from torchvision.models.mobilenetv2 import InvertedResidual
from torchvision.ops import Conv2dNormActivation

from ipdfer_mm.models.utils import resize_square
from ipdfer_mm.registry import MODELS

# Maps (N, C_in, h, w) to (N, C_out, h', w').
conv_norm = partial(Conv2dNormActivation, activation_layer=nn.ReLU6)


class DepthwiseSeparable(BaseModule):
    """Depthwise 3x3 and pointwise convolution, each with norm and ReLU.

    Args:
        channels (int): Number of input and output channels.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(
            channels, channels, 3, padding=1, groups=channels, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.pointwise = nn.Conv2d(channels, channels, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, h, w) to (N, C, h, w)."""
        x = self.bn1(self.depthwise(x)).relu()
        return self.bn2(self.pointwise(x)).relu()


class GlobalDepthwise(BaseModule):
    """A weighted mean of the map for each channel: a 7x7 depthwise kernel.

    Args:
        channels (int): Number of input and output channels.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(
            channels, channels, 7, groups=channels, bias=False)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, 7, 7) to (N, C, 1, 1)."""
        return self.bn(self.depthwise(x))


@MODELS.register_module()
class MobileFaceNet(BaseModule):
    """MobileFaceNet with 128 features, about a million parameters.

    From `MobileFaceNets: Efficient CNNs for Accurate Real-Time Face
    Verification on Mobile Devices <https://arxiv.org/abs/1804.07573>`_. The
    names of the parameters are those of the weights, trained on MS-Celeb-1M,
    of https://github.com/foamliu/MobileFaceNet, which differ from the paper
    in widths and activations; these are followed here.

    These weights expect RGB images with ImageNet's mean and standard
    deviation taken out. An :class:`IdentityEncoder` does that with
    ``mean=(123.675, 116.28, 103.53)`` and ``std=(58.395, 57.12, 57.375)``.

    Args:
        resize (bool): Whether images of another size are resized to
            112x112, instead of being refused. Defaults to False.
        init_cfg (dict, optional): See :class:`mmengine.model.BaseModule`.
    """

    # expansion, output channels, number of blocks, stride of the first
    settings = ((2, 64, 5, 2), (4, 128, 1, 2), (2, 128, 6, 1), (4, 128, 1, 2),
                (2, 128, 2, 1))

    def __init__(self,
                 resize: bool = False,
                 init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg=init_cfg)
        self.resize = resize
        self.conv1 = conv_norm(3, 64, 3, stride=2)
        self.dw_conv = DepthwiseSeparable(64)
        blocks = []
        in_channels = 64
        for expansion, width, num_blocks, first_stride in self.settings:
            for i in range(num_blocks):
                stride = first_stride if i == 0 else 1
                blocks.append(
                    InvertedResidual(in_channels, width, stride, expansion))
                in_channels = width
        self.features = nn.Sequential(*blocks)
        self.conv2 = conv_norm(in_channels, 512, 1)
        self.gdconv = GlobalDepthwise(512)
        self.conv3 = nn.Conv2d(512, 128, 1)
        self.bn = nn.BatchNorm2d(128)

    def forward(self, x: Tensor) -> tuple[Tensor]:
        """Embed faces.

        Args:
            x (Tensor): Faces aligned to ArcFace's template, (N, 3, 112, 112)
                unless ``resize``, RGB, standardized.

        Returns:
            tuple[Tensor]: The features, (N, 128), not normalized.

        Raises:
            ValueError: If the images have another size and are not to be
                resized.
        """
        if self.resize:
            x = resize_square(x, 112)
        if x.shape[-2:] != (112, 112):
            raise ValueError(
                'MobileFaceNet takes images of 112x112, but got '
                f'{x.shape[-2]}x{x.shape[-1]}. Resize them: resize=True.')
        # Depthwise convolutions are faster in this layout on CPUs and GPUs;
        # it spreads from the input through the network.
        x = x.contiguous(memory_format=torch.channels_last)
        x = self.features(self.dw_conv(self.conv1(x)))  # Nx128x7x7
        x = self.conv3(self.gdconv(self.conv2(x)))  # Nx128x1x1
        return (self.bn(x).flatten(1), )
