"""The residual network of ArcFace."""


import torch.nn as nn
from mmengine.model import BaseModule
from torch import Tensor

from ipdfer_mm.registry import MODELS


class IResBlock(BaseModule):
    """Residual block with batch norm before the first convolution.

    Args:
        in_channels (int): Number of input channels.
        out_channels (int): Number of output channels.
        first (bool): Whether it is the first block of a stage, which halves
            the side of the feature map and projects the skip connection.
    """

    def __init__(self, in_channels: int, out_channels: int,
                 first: bool) -> None:
        super().__init__()
        stride = 2 if first else 1
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(
            in_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.prelu = nn.PReLU(out_channels)
        self.conv2 = nn.Conv2d(
            out_channels, out_channels, 3, stride, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.downsample = nn.Identity()
        if first:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride, bias=False),
                nn.BatchNorm2d(out_channels))

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C_in, h, w) to (N, C_out, h', w')."""
        out = self.prelu(self.bn2(self.conv1(self.bn1(x))))
        return self.bn3(self.conv2(out)) + self.downsample(x)


@MODELS.register_module()
class IResNet(BaseModule):
    """Residual network for face recognition, as ArcFace uses it.

    From `ArcFace: Additive Angular Margin Loss for Deep Face Recognition
    <https://arxiv.org/abs/1801.07698>`_, Section 3.1. Names and shapes of the
    parameters are those of the ``backbone.pth`` files which insightface's
    arcface_torch publishes, so that these load as they are.

    Args:
        depth (int): 18, 34, 50 or 100.
        out_channels (int): Width D of the feature. Defaults to 512.
        img_size (int): Side of the images in pixels, a multiple of 16. The
            last layer is fully connected, so its size depends on it. Defaults
            to 112, that of the public files.
        init_cfg (dict, optional): See :class:`mmengine.model.BaseModule`.

    Raises:
        ValueError: If there is no network of this depth, or if ``img_size``
            is not a positive multiple of 16.

    Examples:
        >>> import torch
        >>> model = IResNet(depth=18).eval()
        >>> model(torch.zeros(2, 3, 112, 112))[-1].shape
        torch.Size([2, 512])
    """

    blocks_of_depth = {
        18: (2, 2, 2, 2),
        34: (3, 4, 6, 3),
        50: (3, 4, 14, 3),
        100: (3, 13, 30, 3),
    }
    widths = (64, 128, 256, 512)

    def __init__(self,
                 depth: int,
                 out_channels: int = 512,
                 img_size: int = 112,
                 init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg=init_cfg)
        if depth not in self.blocks_of_depth:
            raise ValueError('IResNet has the depths '
                             f'{sorted(self.blocks_of_depth)}, not {depth}.')
        if img_size < 16 or img_size % 16:
            raise ValueError('IResNet halves the image four times and needs '
                             'an img_size that is a positive multiple of 16, '
                             f'but got {img_size}.')
        self.img_size = img_size
        self.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.prelu = nn.PReLU(64)
        in_channels = 64
        stages = zip(self.widths, self.blocks_of_depth[depth])
        for i, (width, num_blocks) in enumerate(stages, start=1):
            self.add_module(f'layer{i}', nn.Sequential(
                IResBlock(in_channels, width, first=True),
                *(IResBlock(width, width, first=False)
                  for _ in range(num_blocks - 1))))
            in_channels = width
        self.bn2 = nn.BatchNorm2d(in_channels)
        self.fc = nn.Linear(in_channels * (img_size // 16)**2, out_channels)
        self.features = nn.BatchNorm1d(out_channels)
        # Fixed to 1 as in the public files: with variance 1 each, all
        # dimensions weigh alike in the angles that margin losses compare.
        self.features.weight.requires_grad_(False)

    def forward(self, x: Tensor) -> tuple[Tensor]:
        """Embed faces.

        Args:
            x (Tensor): Aligned faces, (N, 3, ``img_size``, ``img_size``), RGB
                in [-1, 1].

        Returns:
            tuple[Tensor]: The features, (N, D), not normalized.

        Raises:
            ValueError: If the images have another size.
        """
        if x.shape[-2:] != (self.img_size, self.img_size):
            raise ValueError(
                f'This IResNet was built for img_size={self.img_size} and got '
                f'images of {x.shape[-2]}x{x.shape[-1]}. Resize them (in an '
                f'IdentityEncoder: input_size={self.img_size}).')
        x = self.prelu(self.bn1(self.conv1(x)))  # Nx64xSxS
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        x = self.fc(self.bn2(x).flatten(1))  # NxD of Nx(512*(S/16)^2)
        return (self.features(x), )
