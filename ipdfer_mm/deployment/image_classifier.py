"""A classifier that takes images as they are."""

import torch
import torch.nn as nn
from mmengine.model import BaseModel
from torch import Tensor

from ipdfer_mm.utils.images import swap_channels


class ImageClassifier(nn.Module):
    """What is deployed: from pixels to scores, with the normalization inside.

    Args:
        model (BaseModel): An :class:`IPDFERModel` or a classifier of
            mmpretrain whose ``data_preprocessor`` at most normalizes.
        memory_format (torch.memory_format): Layout of parameters and images.
            Defaults to channels first.
    """

    def __init__(
        self,
        model: BaseModel,
        memory_format: torch.memory_format = torch.contiguous_format
    ) -> None:
        super().__init__()
        self.model = model.to(memory_format=memory_format)
        self.memory_format = memory_format
        self.to_rgb = model.data_preprocessor.to_rgb
        # It has neither where it does not normalize.
        for name, value in dict(mean=0., std=1.).items():
            self.register_buffer(name, getattr(
                model.data_preprocessor, name, torch.tensor(value)))
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        """Score images.

        Args:
            images (Tensor): Aligned faces, uint8 (N, H, W, 3), RGB.

        Returns:
            Tensor: Probabilities of the classes, (N, K).
        """
        if not self.to_rgb:  # the model sees the order of OpenCV
            images = swap_channels(images)
        inputs = images.permute(0, 3, 1, 2).float()
        inputs = inputs.contiguous(memory_format=self.memory_format)
        inputs = (inputs - self.mean) / self.std
        return self.model(inputs, mode='tensor').softmax(dim=1)
