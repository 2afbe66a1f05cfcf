"""Face recognition learned from another network."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmpretrain.structures import DataSample
from torch import Tensor

from ipdfer_mm.registry import MODELS

from .face_recognizer import FaceRecognizer
from .utils import resize_square

LIFT_SEED = 0


@MODELS.register_module()
class FaceDistiller(FaceRecognizer):
    r"""Teach a network the features of a trained face-recognition network.

    No identity labels are needed. Both see the same image, augmented alike,
    as in `Knowledge distillation: A good teacher is patient and consistent
    <https://arxiv.org/abs/2106.05237>`_; some images are mixed with another
    one (`mixup <https://arxiv.org/abs/1710.09412>`_), which between aligned
    faces gives a face that no subject has.

    The target is the teacher's feature, scaled to the norm :math:`\sqrt{D}`.
    Where the student's feature is wider, a constant matrix with orthonormal
    rows lifts the target to its width D: cosines of lifted features are those
    of the teacher's. The loss is the mean square of the difference of the
    elements, 2 (1 - cosine) for features of the target's norm.

    Args:
        teacher (dict): Config of an :class:`IdentityEncoder`, with the
            weights in its ``init_cfg``.
        feat_channels (int): Width D of the student's feature.
        img_size (int, optional): Side in pixels to which images are resized
            for the student; the teacher gets them as they are. Defaults to
            None, which keeps their size.
        mixup (float): Probability, in [0, 1], that a batch is mixed with
            itself in another order, by weights drawn uniformly from [0, 1]
            for each image. Defaults to 0.
        **kwargs: As :class:`FaceRecognizer`; ``head`` defaults to none.

    Raises:
        ValueError: If ``mixup`` is no probability.
    """

    def __init__(self,
                 *args,
                 teacher: dict,
                 feat_channels: int,
                 img_size: int | None = None,
                 mixup: float = 0.,
                 **kwargs) -> None:
        kwargs.setdefault('head', dict(type='ClsHead', _scope_='mmpretrain'))
        super().__init__(*args, **kwargs)
        if not 0 <= mixup <= 1:
            raise ValueError(f'mixup={mixup} is no probability.')
        self.teacher = MODELS.build({**teacher, 'normalize': True})
        self.feat_channels = feat_channels
        self.img_size = img_size
        self.mixup = mixup

    def loss(self, inputs: Tensor,
             data_samples: list[DataSample]) -> dict[str, Tensor]:
        """Distance of the student's features from the teacher's.

        Args:
            inputs (Tensor): Preprocessed faces, (N, 3, H, W), RGB in [-1, 1].
            data_samples (list[DataSample]): Not used.

        Returns:
            dict[str, Tensor]: ``loss``, and ``cosine``, the mean cosine of
            the features with their targets.

        Raises:
            ValueError: If the student's features have another width than
                ``feat_channels``, or a smaller one than the teacher's.
        """
        if torch.rand(()) < self.mixup:
            inputs = _mix(inputs)
        with torch.no_grad():
            target = self.lift(self.teacher(inputs).float())
        if self.img_size is not None:
            inputs = resize_square(inputs, self.img_size)
        feats = self.extract_feat(inputs, stage='pre_logits').float()
        if feats.shape != target.shape:
            raise ValueError(
                f'The student gives features of width {feats.shape[1]}, but '
                f'feat_channels is {self.feat_channels}.')
        return dict(
            loss=F.mse_loss(feats, target),
            cosine=F.cosine_similarity(feats.detach(), target).mean())

    def lift(self, feats: Tensor) -> Tensor:
        r"""Bring the teacher's features to the student's width.

        Args:
            feats (Tensor): Features of norm :math:`\sqrt{d}`, (N, d).

        Returns:
            Tensor: Features of norm :math:`\sqrt{D}`, (N, D), with the same
            cosines.

        Raises:
            ValueError: If D is smaller than d.
        """
        width = feats.shape[1]
        if self.feat_channels < width:
            raise ValueError(
                f'The teacher has features of width {width}, which do not '
                f'fit feat_channels={self.feat_channels}.')
        if self.feat_channels == width:
            return feats
        generator = torch.Generator().manual_seed(LIFT_SEED)
        basis = nn.init.orthogonal_(
            torch.empty(width, self.feat_channels), generator=generator)
        scale = (self.feat_channels / width)**0.5
        return feats @ (basis.to(feats) * scale)


def _mix(images: Tensor) -> Tensor:
    """Mix each image with another one of the batch."""
    weight = torch.rand(len(images), 1, 1, 1, device=images.device)
    return torch.lerp(images.roll(1, 0), images, weight)
