"""A backbone and a neck that give one feature for a face."""


import torch.nn as nn
from mmengine.model import BaseModule
from mmengine.registry import DefaultScope
from mmpretrain.models import GlobalAveragePooling
from torch import Tensor

from ipdfer_mm.registry import MODELS

from .weights import split_pretrained


class BackboneEncoder(BaseModule):
    """What our encoders share: a backbone that starts from a file.

    An ``init_cfg`` of type 'Pretrained', whether of the encoder or of its
    backbone, loads into ``backbone`` with the checks of
    :func:`load_face_weights`, whatever the default scope, and after all other
    initialization. (MMEngine's own loader takes any file for any network, and
    mmpretrain's ResNet, given such a config in a list, zeroes parameters
    after loading them.)

    Args:
        backbone (dict): Config of the backbone.
        init_cfg (dict or list[dict], optional): See
            :class:`mmengine.model.BaseModule`. An entry of type 'Pretrained'
            replaces that of the backbone.
    """

    def __init__(self, backbone: dict, init_cfg: dict | None) -> None:
        super().__init__(init_cfg=init_cfg)
        self.backbone = MODELS.build(backbone)
        others, pretrained = split_pretrained(self.init_cfg)
        inner_others, inner = split_pretrained(
            getattr(self.backbone, 'init_cfg', None))
        if inner:
            self.backbone.init_cfg = inner_others
        self.init_cfg = others + (pretrained or inner)

    @property
    def pretrained_part(self) -> nn.Module:
        """The part that :class:`FacePretrainedInit` loads into."""
        return self.backbone

    def init_weights(self) -> None:
        """Initialize the weights; those from a file are checked."""
        # In our scope 'Pretrained' is FacePretrainedInit.
        with DefaultScope.overwrite_default_scope('ipdfer_mm'):
            super().init_weights()


@MODELS.register_module()
class FaceEncoder(BackboneEncoder):
    """Encode faces to features (N, D): E_exp and E_pose of the paper.

    Parameters are named ``backbone.*`` and ``neck.*`` as in mmpretrain's
    ``ImageClassifier``.

    Args:
        backbone (dict): Config of a backbone of mmpretrain or of ours. It
            returns a tuple, of which the last item goes on.
        neck (dict, optional): Config of a neck of mmpretrain: pooling, or a
            linear layer where the width has to change, such as
            ``dict(type='mmpretrain.LinearNeck', in_channels=512,
            out_channels=128, gap_dim=2, norm_cfg=None)``. None if the
            backbone gives (N, D). Defaults to global average pooling.
        init_cfg (dict or list[dict], optional): See
            :class:`mmengine.model.BaseModule`; the type 'Pretrained' loads
            into the backbone, see :class:`FacePretrainedInit`.

    Examples:
        >>> import torch
        >>> encoder = FaceEncoder(dict(type='mmpretrain.ResNet', depth=18))
        >>> encoder(torch.zeros(2, 3, 112, 112)).shape
        torch.Size([2, 512])
    """

    def __init__(self,
                 backbone: dict,
                 neck: dict | None = dict(
                     type='mmpretrain.GlobalAveragePooling'),
                 init_cfg: dict | None = None) -> None:
        super().__init__(backbone, init_cfg)
        self.neck = None if neck is None else MODELS.build(neck)

    def forward(self, x: Tensor) -> Tensor:
        """Encode faces.

        Args:
            x (Tensor): Faces, (N, 3, H, W), RGB in [-1, 1].

        Returns:
            Tensor: Features, (N, D).

        Raises:
            ValueError: If backbone and neck do not make (N, D) together.
        """
        feats = self.backbone(x)
        if (isinstance(self.neck, GlobalAveragePooling)
                and feats[-1].dim() == 2):
            raise ValueError(
                f'{type(self.backbone).__name__} gives features of shape '
                f'{tuple(feats[-1].shape)}, there is nothing to pool. Set '
                'neck=None in this FaceEncoder.')
        if self.neck is not None:
            # mmpretrain's LinearNeck cannot read the channels-last format.
            feats = tuple(feat.contiguous() for feat in feats)
            feats = self.neck(feats)
        feat = feats[-1] if isinstance(feats, tuple) else feats
        if feat.dim() != 2:
            raise ValueError(
                f'{type(self.backbone).__name__} and the neck '
                f'{type(self.neck).__name__} give a feature of shape '
                f'{tuple(feat.shape)}, but an encoder gives (N, D). Pool it: '
                "neck=dict(type='mmpretrain.GlobalAveragePooling').")
        return feat
