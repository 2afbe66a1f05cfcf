"""The frozen face-recognition network of IPD-FER."""

from collections.abc import Sequence

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from ipdfer_mm.models.utils import resize_square
from ipdfer_mm.registry import MODELS
from ipdfer_mm.utils.images import swap_channels

from .face_encoder import BackboneEncoder
from .key_match import match_keys
from .weights import split_pretrained


@MODELS.register_module()
class IdentityEncoder(BackboneEncoder):
    r"""E_id and N of the IPD-FER paper: any face-recognition network, frozen.

    It takes the images of the model, prepares them as its network was
    trained, and stays in eval mode without gradients of its parameters.
    Gradients flow to the images, so that the identity loss (Eq. 2) reaches
    the decoder. Weights are loaded by :meth:`init_weights` only, or with a
    state dict; a model for inference needs no other file.

    Args:
        backbone (dict): Config of the network. It returns a tuple, whose last
            item is (N, D), or (N, D, h, w), which is average-pooled.
        neck (dict, optional): Config of a neck of mmpretrain in place of the
            pooling, such as the linear layer that makes the pooled feature
            of a ResNet, which is never negative, a signed one. Weights are
            then loaded for both, under ``backbone.*`` and ``neck.*``.
            Defaults to None.
        mean (Sequence[float]): Subtracted from the pixels in [0, 255], one
            for each channel in the order of ``channel_order``. Defaults to
            127.5 each: with the default ``std`` the network gets [-1, 1].
        std (Sequence[float]): What they are divided by then. Defaults to
            127.5 each.
        channel_order (str): 'rgb' or 'bgr', what the network was trained
            with. Defaults to 'rgb'.
        input_size (int, optional): Side in pixels to resize images to,
            bilinearly, and with a low-pass filter (antialias) where that
            makes them smaller. None keeps their size.
        normalize (bool): Whether to scale every feature to the norm
            :math:`\sqrt{D}`, that of a feature with mean square 1 like those
            of the trained encoders. f_id + f_pose + f_exp needs summands of
            like size; some networks give norms far from it, or norms that
            vary with the quality of the image. Defaults to False.
        init_cfg (dict or list[dict], optional): See
            :class:`mmengine.model.BaseModule`; the type 'Pretrained' loads
            into the backbone, see :class:`FacePretrainedInit`.

    Attributes:
        has_weights (bool): Whether the network got trained weights, by
            :meth:`init_weights` or with a state dict.

    Raises:
        ValueError: If ``channel_order`` is neither 'rgb' nor 'bgr'.

    Examples:
        >>> import torch
        >>> encoder = IdentityEncoder(
        ...     backbone=dict(type='ipdfer_mm.MobileFaceNet'),
        ...     mean=(123.675, 116.28, 103.53), std=(58.395, 57.12, 57.375))
        >>> encoder(torch.zeros(2, 3, 112, 112)).shape
        torch.Size([2, 128])
    """

    def __init__(self,
                 backbone: dict,
                 neck: dict | None = None,
                 mean: Sequence[float] = (127.5, 127.5, 127.5),
                 std: Sequence[float] = (127.5, 127.5, 127.5),
                 channel_order: str = 'rgb',
                 input_size: int | None = None,
                 normalize: bool = False,
                 init_cfg: dict | None = None) -> None:
        super().__init__(backbone, init_cfg)
        self.neck = None if neck is None else MODELS.build(neck)
        if channel_order not in ('rgb', 'bgr'):
            raise ValueError('channel_order must be "rgb" or "bgr", but got '
                             f'"{channel_order}".')
        for name, values in dict(mean=mean, std=std).items():
            values = torch.tensor(values, dtype=torch.float32).view(3, 1, 1)
            self.register_buffer(name, values, persistent=False)
        self.channel_order = channel_order
        self.input_size = input_size
        self.normalize = normalize
        self.has_weights = False
        self.requires_grad_(False)
        self.eval()

    @property
    def pretrained_part(self) -> nn.Module:
        """The part that :class:`FacePretrainedInit` loads into."""
        return self.backbone if self.neck is None else self

    def train(self, mode: bool = True) -> 'IdentityEncoder':
        """Stay in eval mode, whatever the mode of the model around it."""
        return super().train(False)

    def init_weights(self) -> None:
        """Load the weights that ``init_cfg`` names.

        Weights that came with a state dict before are kept.
        """
        if self.has_weights and not self.is_init:
            self.is_init = True
            return
        super().init_weights()
        self.has_weights |= bool(split_pretrained(self.init_cfg)[1])

    def forward(self, x: Tensor) -> Tensor:
        """Embed faces.

        Args:
            x (Tensor): Aligned faces, (N, 3, H, W), RGB in [-1, 1].

        Returns:
            Tensor: Identity features, (N, D).
        """
        feat = self.backbone(self.preprocess(x))[-1]
        if self.neck is not None:
            # mmpretrain's LinearNeck cannot read the channels-last format.
            feat = self.neck((feat.contiguous(), ))[-1]
        if feat.dim() == 4:
            feat = feat.mean(dim=(2, 3))
        if self.normalize:
            feat = F.normalize(feat) * feat.shape[1]**0.5
        return feat

    def preprocess(self, x: Tensor) -> Tensor:
        """Prepare images as the network was trained, differentiably.

        Args:
            x (Tensor): Images, (N, 3, H, W), RGB in [-1, 1].

        Returns:
            Tensor: Input of the network, (N, 3, h, w).
        """
        if self.input_size is not None:
            x = resize_square(x, self.input_size)
        if self.channel_order == 'bgr':
            x = swap_channels(x, 1)
        # ((x + 1) * 127.5 - mean) / std, exactly x with the default values
        return x * (127.5 / self.std) + (127.5 - self.mean) / self.std

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str,
                              *args) -> None:
        """Notice weights; torch's and MMEngine's loaders come through here."""
        state = {key[len(prefix):]: value
                 for key, value in state_dict.items()
                 if key.startswith(prefix)}
        if match_keys(self, state).problem is None:
            self.has_weights = True
        super()._load_from_state_dict(state_dict, prefix, *args)
