"""A classifier of expressions whose feature must also tell the pose."""

from mmpretrain.models.heads import LinearClsHead
from mmpretrain.structures import DataSample
from torch import Tensor

from ipdfer_mm.registry import MODELS

from ..targets import stack_poses
from ..utils import CROSS_ENTROPY


@MODELS.register_module()
class PoseSupervisedHead(LinearClsHead):
    """Classify expressions, and in training head poses from the same feature.

    For the baseline that knows what IPD-FER knows: the pose labels, but
    without anything that takes the pose out of the feature (L_p of Eq. 6 and
    L_exp of Eq. 5 on one encoder). Inference is that of ``LinearClsHead``.

    Args:
        num_classes (int): Number of expressions.
        in_channels (int): Width of the feature.
        pose_head (dict): Config of the head of mmpretrain that classifies
            poses, C_p.
        loss_pose (dict): Its loss; labels of -100, unknown poses, do not
            count. Defaults to cross entropy.
        loss (dict): That of the expressions. Defaults to cross entropy.
        **kwargs: Of ``mmpretrain.LinearClsHead``.
    """

    def __init__(self,
                 num_classes: int,
                 in_channels: int,
                 pose_head: dict,
                 loss_pose: dict = dict(type=CROSS_ENTROPY),
                 loss: dict = dict(type=CROSS_ENTROPY),
                 **kwargs) -> None:
        super().__init__(num_classes, in_channels, loss=loss, **kwargs)
        self.pose_head = MODELS.build(pose_head)
        self.loss_pose = MODELS.build(loss_pose)

    def loss(self, feats: tuple[Tensor], data_samples: list[DataSample],
             **kwargs) -> dict[str, Tensor]:
        """Losses of both classifiers.

        Args:
            feats (tuple[Tensor]): The last item is used, (N, D).
            data_samples (list[DataSample]): With ``gt_label`` (or also
                ``gt_score``) and ``pose_label``.
            **kwargs: For the expression loss.

        Returns:
            dict[str, Tensor]: ``loss`` and ``loss_pose``.

        Raises:
            ValueError: If samples have no pose.
        """
        losses = super().loss(feats, data_samples, **kwargs)
        logits = self.pose_head(feats)
        losses['loss_pose'] = self.loss_pose(
            logits, stack_poses(data_samples, logits.device))
        return losses
