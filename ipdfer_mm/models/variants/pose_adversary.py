"""A pose classifier that learns to read f_exp, for the confusion loss."""

from torch import Tensor, nn

from ipdfer_mm.registry import MODELS

from ..ipdfer import IPDFERModel
from ..targets import Targets


@MODELS.register_module()
class PoseAdversaryIPDFER(IPDFERModel):
    """IPD-FER whose confusion loss asks a classifier trained on f_exp.

    Eq. 4 of the paper asks C_p, which has learned to read f_pose and is
    confused by an f_exp that tells the pose in other words. Here another
    classifier learns, in step 1, to read the pose from f_exp, which it does
    not teach, and Eq. 4 asks it, as the confusion loss of `Simultaneous Deep
    Transfer Across Domains and Tasks <https://arxiv.org/abs/1510.02192>`_
    asks a classifier that learns on the feature it confuses.

    Args:
        pose_adversary (dict): The classifier, a head of mmpretrain.
        **kwargs: Of :class:`IPDFERModel`.

    Raises:
        ValueError: If there is no pose loss or no confusion loss.
    """

    STEPS = dict(
        IPDFERModel.STEPS,
        encoders=('pose_encoder', 'pose_head', 'pose_adversary',
                  'expression_encoder', 'expression_head'))

    def __init__(self, *args, pose_adversary: dict, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if self.loss_pose is None or self.loss_confusion is None:
            raise ValueError('`pose_adversary` is trained by `loss_pose` and '
                             'asked by `loss_confusion`: give it both, or '
                             'train an IPDFERModel.')
        self.pose_adversary = MODELS.build(pose_adversary)

    @property
    def frozen_in_generator_step(self) -> tuple[nn.Module | None, ...]:
        """The adversary, too."""
        return (*super().frozen_in_generator_step, self.pose_adversary)

    def encoder_losses(self, images: Tensor, f_id: Tensor,
                       targets: Targets) -> dict[str, Tensor]:
        """Losses of step 1, and the adversary's, of images (N, 3, H, W)."""
        f_pose, f_exp = self.encode(images)
        losses = self.classification_losses(f_id, f_pose, f_exp, targets)
        losses['loss_pose_adversary'] = self.loss_pose(
            self.pose_adversary((f_exp.detach(), )), targets.pose)
        return losses

    def synthesis_losses(self, images: Tensor, f_id: Tensor,
                         f_pose: Tensor | None, f_exp: Tensor,
                         targets: Targets) -> dict[str, Tensor]:
        """Losses of step 3, Eq. 4 with the adversary in place of C_p."""
        losses = super().synthesis_losses(images, f_id, f_pose, f_exp, targets)
        losses['loss_confusion'] = self.loss_confusion(
            self.pose_adversary((f_exp, )))
        return losses
