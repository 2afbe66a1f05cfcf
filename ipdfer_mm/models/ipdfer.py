"""Algorithm 1 of the IPD-FER paper as an MMEngine model."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Optional

import torch
import torch.nn as nn
from mmengine.logging import MessageHub
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmpretrain.structures import DataSample
from torch import Tensor

from ipdfer_mm.registry import MODELS

from .disentangled_classifier import DisentangledClassifier
from .targets import Targets, stack_targets
from .training_checks import check_trainable, check_widths
from .utils import CROSS_ENTROPY, build_loss, build_optional, fixed


@MODELS.register_module()
class IPDFERModel(DisentangledClassifier):
    r"""Identity and pose disentangled facial expression recognition.

    Implementation of `Disentangling Identity and Pose for Facial Expression
    Recognition <https://arxiv.org/abs/2208.08106>`_. Training is
    Algorithm 1 (:meth:`train_step`), inference is the expression encoder and
    its classifier alone, an ordinary classifier.

    Without ``pose_encoder`` it is the paper's ID-FER, also its model for CK+;
    without ``discriminator`` the ablation of Table 9. A loss that is None or
    has the weight 0 is not computed, nor is what only that loss needs, but
    for the decoder's pictures.

    Args:
        identity_encoder (dict): E_id, and N of Eq. 2, an
            :class:`IdentityEncoder`.
        expression_encoder (dict): E_exp, a :class:`FaceEncoder`.
        expression_head (dict): C_exp, a head of mmpretrain.
        decoder (dict): G_dec, a :class:`FaceDecoder`.
        pose_encoder (dict, optional): E_pose, a :class:`FaceEncoder`.
        pose_head (dict, optional): C_p, a head of mmpretrain.
        discriminator (dict, optional): D, an
            :class:`ExpressionDiscriminator`.
        pose_adversary (dict, optional): A head of mmpretrain that learns to
            read the pose from f_exp, and that the confusion loss then asks.
            The paper asks C_p, which has learned to read f_pose and is
            confused by an f_exp that tells the pose in other words.
            Defaults to None, C_p.
        loss_exp (dict, optional): Eq. 5.
        loss_pose (dict, optional): Eq. 6.
        loss_cos (dict, optional): :math:`\beta_1` Eq. 3.
        loss_disc (dict, optional): Eq. 8.
        loss_adv_neutral (dict, optional): :math:`\lambda_1` Eq. 9.
        loss_adv_exp (dict, optional): :math:`\lambda_2` Eq. 10.
        loss_id (dict, optional): :math:`\lambda_3` Eq. 2.
        loss_recon (dict, optional): :math:`\lambda_4` Eq. 1.
        loss_confusion (dict, optional): :math:`\beta_2` Eq. 4.
        classify_in_generator_step (bool): Whether the generator's loss holds
            the classification and similarity losses, as Eq. 12 has it.
            False is the other reading of Algorithm 1's line 4, Eq. 11 and
            the confusion loss. Defaults to True.
        discriminator_norm_eval (bool): Whether D, when it judges synthesised
            pictures in step 3, normalises by the statistics of the real
            pictures it has learned on (eval mode). False: by those of the
            synthesised batch, which its running statistics then also follow.
            Defaults to True.
        generator_interval (int): Steps 2 and 3 are taken in every k-th
            iteration only, with the losses of step 3 times k: the lazy
            regularization of `StyleGAN2 <https://arxiv.org/abs/1912.04958>`_
            (its Section 3.1), which the paper does not have. The factor
            counts where steps 1 and 3 share an optimizer; an Adam of its own
            does not see it. Needs MMEngine's Runner, which counts
            iterations. Defaults to 1, the paper's Algorithm 1.
        share_encoder_forward (bool): Whether step 3 takes the features of
            step 1 instead of encoding the pictures anew, and both update the
            encoders at once, by the sum of their losses: cheaper by a pass
            of the two encoders, and one update of them in place of two. The
            paper does not have it. Needs one optimizer for steps 1 and 3.
            Defaults to False.
        **kwargs: ``classes``, ``neutral_class``, ``data_preprocessor`` and
            ``init_cfg`` of :class:`DisentangledClassifier`. ``classes`` are
            taken from the training set by the hook
            :class:`DatasetMetaHook`, and needed here only without it.

    Raises:
        ValueError: If one of ``pose_encoder`` and ``pose_head`` is given
            without the other, a ``pose_adversary`` without a pose loss or
            a confusion loss, or a ``generator_interval`` below 1.
    """

    def __init__(
        self,
        identity_encoder: dict,
        expression_encoder: dict,
        expression_head: dict,
        decoder: dict,
        pose_encoder: Optional[dict] = None,
        pose_head: Optional[dict] = None,
        discriminator: Optional[dict] = None,
        pose_adversary: Optional[dict] = None,
        loss_exp: Optional[dict] = dict(type=CROSS_ENTROPY),
        loss_pose: Optional[dict] = dict(type=CROSS_ENTROPY),
        loss_cos: Optional[dict] = dict(type='ipdfer_mm.OrthogonalityLoss'),
        loss_disc: Optional[dict] = dict(type=CROSS_ENTROPY),
        loss_adv_neutral: Optional[dict] = dict(
            type=CROSS_ENTROPY, loss_weight=0.001),
        loss_adv_exp: Optional[dict] = dict(
            type=CROSS_ENTROPY, loss_weight=0.001),
        loss_id: Optional[dict] = dict(
            type='ipdfer_mm.IdentityConsistencyLoss'),
        loss_recon: Optional[dict] = dict(type='ipdfer_mm.ReconstructionLoss'),
        loss_confusion: Optional[dict] = dict(
            type='ipdfer_mm.UniformConfusionLoss'),
        classify_in_generator_step: bool = True,
        discriminator_norm_eval: bool = True,
        generator_interval: int = 1,
        share_encoder_forward: bool = False,
        **kwargs,
    ) -> None:
        super().__init__(
            identity_encoder=identity_encoder,
            expression_encoder=expression_encoder,
            expression_head=expression_head,
            decoder=decoder,
            pose_encoder=pose_encoder,
            **kwargs)
        if (pose_encoder is None) != (pose_head is None):
            raise ValueError('`pose_encoder` and `pose_head` belong together: '
                             'give both (IPD-FER) or neither (ID-FER).')
        self.pose_head = build_optional(pose_head)
        self.discriminator = build_optional(discriminator)
        self.pose_adversary = build_optional(pose_adversary)
        self.loss_exp = build_loss(loss_exp)
        self.loss_pose = build_loss(loss_pose, self.pose_encoder)
        self.loss_cos = build_loss(loss_cos)
        self.loss_disc = build_loss(loss_disc, self.discriminator)
        self.loss_adv_neutral = build_loss(loss_adv_neutral,
                                           self.discriminator)
        self.loss_adv_exp = build_loss(loss_adv_exp, self.discriminator)
        self.loss_id = build_loss(loss_id)
        self.loss_recon = build_loss(loss_recon)
        self.loss_confusion = build_loss(loss_confusion, self.pose_encoder)
        self.classify_in_generator_step = classify_in_generator_step
        self.discriminator_norm_eval = discriminator_norm_eval
        if generator_interval < 1:
            raise ValueError('`generator_interval` is '
                             f'{generator_interval}, but must be 1 or more.')
        self.generator_interval = generator_interval
        self.share_encoder_forward = share_encoder_forward
        if self.pose_adversary is not None and (
                self.loss_pose is None or self.loss_confusion is None):
            raise ValueError('`pose_adversary` is trained by `loss_pose` and '
                             'asked by `loss_confusion`: give it both, or '
                             'leave it out.')

    def train_step(self, data: dict,
                   optim_wrapper: OptimWrapperDict) -> dict[str, Tensor]:
        """One iteration of Algorithm 1.

        Args:
            data (dict): A collated batch: ``inputs`` and ``data_samples``
                with ``gt_label`` (or also ``gt_score``, soft labels) and,
                with a pose encoder, ``pose_label``.
            optim_wrapper (OptimWrapperDict): One wrapper a step: 'encoders'
                (which also trains the pose adversary, if there is one),
                'discriminator' (if there is one) and 'generator'. Without
                'generator', 'encoders' also trains the decoder, and the
                encoders have one optimizer state for steps 1 and 3.

        Returns:
            dict[str, Tensor]: The weighted losses under the names of the
            config, and their sums ``loss_encoders``, ``loss_discriminator``
            and ``loss_generator``. ``loss_exp``, ``loss_pose`` and
            ``loss_cos`` are those of step 1; step 3 computes them anew, in
            ``loss_generator`` alone. An iteration without steps 2 and 3 lacks
            their losses.
        """
        check_trainable(self, optim_wrapper)
        data = self.data_preprocessor(data, True)
        inputs = data['inputs']  # Nx3xHxW
        targets = self.get_targets(data['data_samples'], inputs.device)
        log_vars = {}
        is_generator_iteration = self._is_generator_iteration()
        shares_forward = self.share_encoder_forward and is_generator_iteration

        # Step 1: update E_pose, C_p, E_exp and C_exp.
        wrapper = optim_wrapper['encoders']
        with wrapper.optim_context(self):
            with torch.no_grad():
                f_id = self.identity_encoder(inputs)
            with_pose = self.loss_pose is not None
            encoded = self.encode(inputs, with_pose or shares_forward)
            losses = self.encoder_losses(f_id, *encoded, targets)
        log_vars.update(losses)
        if shares_forward:  # updates with step 3
            log_vars['loss_encoders'], _ = self.parse_losses(losses)
        else:
            log_vars['loss_encoders'] = self._update(wrapper, losses)

        if is_generator_iteration:
            log_vars.update(
                self._discriminator_step(inputs, targets, optim_wrapper))
            if shares_forward:
                generator = self._shared_step(
                    inputs, f_id, encoded, targets, wrapper,
                    log_vars['loss_encoders'])
            else:
                generator = self._generator_step(inputs, f_id, targets,
                                                 optim_wrapper)
            log_vars = {**generator, **log_vars}

        if targets.pose is not None:
            log_vars['pose_unknown'] = (targets.pose < 0).sum().float()
        return {name: value.detach() for name, value in log_vars.items()}

    def _is_generator_iteration(self) -> bool:
        """Whether this iteration has steps 2 and 3."""
        if self.generator_interval == 1:
            return True
        iteration = MessageHub.get_current_instance().get_info('iter')
        if iteration is None:
            raise RuntimeError(
                '`generator_interval` counts the iterations of an MMEngine '
                'Runner, and there is none. In a loop of your own set '
                "MessageHub.get_current_instance().update_info('iter', i).")
        return iteration % self.generator_interval == 0

    def _discriminator_step(
            self, inputs: Tensor, targets: Targets,
            optim_wrapper: OptimWrapperDict) -> dict[str, Tensor]:
        """Step 2: update D."""
        if self.loss_disc is None:
            return {}
        wrapper = optim_wrapper['discriminator']
        with wrapper.optim_context(self):
            losses = self.discriminator_losses(inputs, targets)
        return {**losses,
                'loss_discriminator': self._update(wrapper, losses)}

    def _generator_step(
            self, inputs: Tensor, f_id: Tensor, targets: Targets,
            optim_wrapper: OptimWrapperDict) -> dict[str, Tensor]:
        """Step 3: update E_pose, E_exp and G_dec."""
        shared = 'generator' not in optim_wrapper.optim_wrappers
        wrapper = optim_wrapper['encoders' if shared else 'generator']
        with self._judges_fixed():
            with wrapper.optim_context(self):
                encoded = self.encode(inputs)
                losses = self.generator_losses(inputs, f_id, *encoded, targets)
            total = self._update(wrapper, losses, self.generator_interval)
        return {**losses, 'loss_generator': total}

    def _shared_step(self, inputs: Tensor, f_id: Tensor,
                     encoded: tuple[Optional[Tensor], Tensor],
                     targets: Targets, wrapper: OptimWrapper,
                     loss_encoders: Tensor) -> dict[str, Tensor]:
        """Step 3 on the features of step 1, and the update of both."""
        with self._judges_fixed(), wrapper.optim_context(self):
            losses = self.generator_losses(inputs, f_id, *encoded, targets)
        total, _ = self.parse_losses(losses)
        # Outside of the context above: step 1 trains C_exp and C_p.
        wrapper.update_params(loss_encoders + self.generator_interval * total)
        return {**losses, 'loss_generator': total}

    @contextmanager
    def _judges_fixed(self) -> Iterator[None]:
        """Fix what judges the generator."""
        with fixed(*self.fixed_parts):
            if self.discriminator is not None:
                self.discriminator.train(not self.discriminator_norm_eval)
            yield

    @property
    def fixed_parts(self) -> tuple[Optional[nn.Module], ...]:
        """What judges the generator in step 3 and is not trained there."""
        return (self.discriminator, self.pose_head, self.pose_adversary,
                self.expression_head)

    def encode(self, inputs: Tensor,
               with_pose: bool = True) -> tuple[Optional[Tensor], Tensor]:
        """Encode pose and expression.

        Args:
            inputs (Tensor): Real pictures, (N, 3, H, W).
            with_pose (bool): Whether f_pose is needed. Defaults to True.

        Returns:
            tuple[Tensor, Tensor]: f_pose and f_exp, (N, D) each. f_pose is
            None if it is not needed or there is no pose encoder.
        """
        f_exp = self.expression_encoder(inputs)
        if self.pose_encoder is None or not with_pose:
            return None, f_exp
        return self.pose_encoder(inputs), f_exp

    def encoder_losses(self, f_id: Tensor, f_pose: Optional[Tensor],
                       f_exp: Tensor, targets: Targets) -> dict[str, Tensor]:
        r"""Losses of step 1: :math:`L_c + \beta_1 L_{cos}`.

        Args:
            f_id (Tensor): Identity features, (N, D).
            f_pose (Tensor, optional): Pose features, (N, D).
            f_exp (Tensor): Expression features, (N, D).
            targets (Targets): Labels of the pictures.

        Returns:
            dict[str, Tensor]: Weighted scalars by name.
        """
        check_widths(
            self.feat_channels, identity=f_id, pose=f_pose, expression=f_exp)
        losses = self._classification_losses(f_id, f_pose, f_exp, targets)
        if self.pose_adversary is not None:
            losses['loss_pose_adversary'] = self.loss_pose(
                self.pose_adversary((f_exp.detach(), )), targets.pose)
        return losses

    def discriminator_losses(self, inputs: Tensor,
                             targets: Targets) -> dict[str, Tensor]:
        """Loss of step 2, Eq. 8, on real pictures.

        Args:
            inputs (Tensor): Real pictures, (N, 3, H, W).
            targets (Targets): Their labels.

        Returns:
            dict[str, Tensor]: ``loss_disc``.
        """
        logits = self.discriminator(inputs)
        return dict(loss_disc=self.loss_disc(logits, targets.expression))

    def generator_losses(self, inputs: Tensor, f_id: Tensor,
                         f_pose: Optional[Tensor], f_exp: Tensor,
                         targets: Targets) -> dict[str, Tensor]:
        r"""Losses of step 3: :math:`L_G` of Eq. 12.

        Args:
            inputs (Tensor): Real pictures, (N, 3, H, W).
            f_id (Tensor): Their identity features, (N, D).
            f_pose (Tensor, optional): Their pose features, (N, D).
            f_exp (Tensor): Their expression features, (N, D).
            targets (Targets): Their labels.

        Returns:
            dict[str, Tensor]: Weighted scalars by name.
        """
        losses = {}
        f_ip = f_id if f_pose is None else f_id + f_pose
        fakes = self.decoder(torch.cat([f_ip, f_ip + f_exp]))  # 2Nx3xHxW
        if self.loss_recon is not None:
            neutral, recon = fakes.chunk(2)
            losses['loss_recon'] = self.loss_recon(
                recon, neutral, inputs, targets.labels == self.neutral_label)
        if self.loss_id is not None:
            id_neutral, id_recon = self.identity_encoder(fakes).chunk(2)
            losses['loss_id'] = self.loss_id(id_recon, id_neutral, f_id)
        losses.update(self._adversarial_losses(fakes, targets))
        if self.classify_in_generator_step:
            losses.update(
                self._classification_losses(f_id, f_pose, f_exp, targets))
        if self.loss_confusion is not None:
            judge = self.pose_head
            if self.pose_adversary is not None:
                judge = self.pose_adversary
            losses['loss_confusion'] = self.loss_confusion(judge((f_exp, )))
        return losses

    def _classification_losses(self, f_id: Tensor, f_pose: Optional[Tensor],
                               f_exp: Tensor,
                               targets: Targets) -> dict[str, Tensor]:
        losses = {}
        if self.loss_exp is not None:
            losses['loss_exp'] = self.loss_exp(
                self.expression_head((f_exp, )), targets.expression)
        if self.loss_pose is not None:
            losses['loss_pose'] = self.loss_pose(
                self.pose_head((f_pose, )), targets.pose)
        if self.loss_cos is not None:
            losses['loss_cos'] = self.loss_cos(f_id, f_exp)
        return losses

    def _adversarial_losses(self, fakes: Tensor,
                            targets: Targets) -> dict[str, Tensor]:
        losses = {}
        if self.loss_adv_neutral is None and self.loss_adv_exp is None:
            return losses
        neutral, recon = self.discriminator(fakes).chunk(2)  # NxK each
        if self.loss_adv_neutral is not None:
            label = torch.full_like(targets.labels, self.neutral_label)
            losses['loss_adv_neutral'] = self.loss_adv_neutral(neutral, label)
        if self.loss_adv_exp is not None:
            losses['loss_adv_exp'] = self.loss_adv_exp(recon,
                                                       targets.expression)
        return losses

    def _update(self, wrapper: OptimWrapper, losses: dict,
                factor: int = 1) -> Tensor:
        """Step an optimizer on the sum of the losses and return the sum."""
        total, _ = self.parse_losses(losses)
        wrapper.update_params(factor * total)
        return total

    def get_targets(self, data_samples: list[DataSample],
                    device: torch.device) -> Targets:
        """Stack the labels of a batch, see :func:`stack_targets`."""
        return stack_targets(data_samples, device,
                             self.pose_encoder is not None)
