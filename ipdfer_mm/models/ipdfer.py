"""Algorithm 1 of the IPD-FER paper as an MMEngine model."""

from collections.abc import Callable, Mapping

import torch
import torch.nn as nn
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import Tensor

from ipdfer_mm.registry import MODELS

from .disentangled_classifier import DisentangledClassifier
from .targets import Targets, stack_targets
from .training_checks import check_once
from .utils import CROSS_ENTROPY, build_loss, build_optional, frozen


@MODELS.register_module()
class IPDFERModel(DisentangledClassifier):
    r"""Identity and pose disentangled facial expression recognition.

    Implementation of `Disentangling Identity and Pose for Facial Expression
    Recognition <https://arxiv.org/abs/2208.08106>`_. Training is
    Algorithm 1 (:meth:`train_step`), inference is the expression encoder and
    its classifier alone, an ordinary classifier.

    Without ``pose_encoder`` it is the paper's ID-FER, also its model for CK+;
    without ``discriminator`` the ablation of Table 9. A loss that is None or
    has the weight 0 is not computed, nor is what only that loss needs, such
    as D or the decoder. Departures from the paper are subclasses.

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
        loss_exp, loss_pose (dict, optional): Eq. 5 and 6.
        loss_cos (dict, optional): :math:`\beta_1` Eq. 3.
        loss_disc (dict, optional): Eq. 8.
        loss_adv_neutral, loss_adv_exp (dict, optional): :math:`\lambda_1`
            Eq. 9 and :math:`\lambda_2` Eq. 10.
        loss_id (dict, optional): :math:`\lambda_3` Eq. 2.
        loss_recon (dict, optional): :math:`\lambda_4` Eq. 1.
        loss_confusion (dict, optional): :math:`\beta_2` Eq. 4.
        classify_in_generator_step (bool): Whether the generator's loss holds
            the classification and similarity losses, as Eq. 12 has it.
            False is the other reading of Algorithm 1's line 4, Eq. 11 and
            the confusion loss. Defaults to True.
        **kwargs: Others of :class:`DisentangledClassifier`. ``classes`` are
            needed without the hook :class:`DatasetMetaHook` only.

    Raises:
        ValueError: If one of ``pose_encoder`` and ``pose_head`` is given
            without the other.
    """

    # What each step of Algorithm 1 trains: two have the encoders.
    STEPS = dict(
        encoders=('pose_encoder', 'pose_head', 'expression_encoder',
                  'expression_head'),
        discriminator=('discriminator', ),
        generator=('pose_encoder', 'expression_encoder', 'decoder'))

    def __init__(
        self,
        identity_encoder: dict,
        expression_encoder: dict,
        expression_head: dict,
        decoder: dict,
        pose_encoder: dict | None = None,
        pose_head: dict | None = None,
        discriminator: dict | None = None,
        loss_exp: dict | None = dict(type=CROSS_ENTROPY),
        loss_pose: dict | None = dict(type=CROSS_ENTROPY),
        loss_cos: dict | None = dict(type='ipdfer_mm.OrthogonalityLoss'),
        loss_disc: dict | None = dict(type=CROSS_ENTROPY),
        loss_adv_neutral: dict | None = dict(
            type=CROSS_ENTROPY, loss_weight=0.001),
        loss_adv_exp: dict | None = dict(
            type=CROSS_ENTROPY, loss_weight=0.001),
        loss_id: dict | None = dict(type='ipdfer_mm.IdentityConsistencyLoss'),
        loss_recon: dict | None = dict(type='ipdfer_mm.ReconstructionLoss'),
        loss_confusion: dict | None = dict(
            type='ipdfer_mm.UniformConfusionLoss'),
        classify_in_generator_step: bool = True,
        **kwargs,
    ) -> None:
        super().__init__(identity_encoder, expression_encoder,
                         expression_head, decoder, pose_encoder, **kwargs)
        if (pose_encoder is None) != (pose_head is None):
            raise ValueError('`pose_encoder` and `pose_head` belong together: '
                             'give both (IPD-FER) or neither (ID-FER).')
        self.pose_head = build_optional(pose_head)
        self.discriminator = build_optional(discriminator)
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

    @property
    def trained_by_step(self) -> dict[str, tuple[str, ...]]:
        """Names of the children that the optimizer of each step trains."""
        return {
            step: tuple(name for name in names
                        if getattr(self, name) is not None)
            for step, names in self.STEPS.items()
        }

    @property
    def frozen_in_generator_step(self) -> tuple[nn.Module | None, ...]:
        """What line 4 of Algorithm 1 fixes: D, C_p and C_exp."""
        return self.discriminator, self.pose_head, self.expression_head

    @property
    def has_synthesis_losses(self) -> bool:
        """Whether a loss sees the synthesized faces: Eq. 1, 2, 9 or 10."""
        return any(loss is not None for loss in (
            self.loss_recon, self.loss_id, self.loss_adv_neutral,
            self.loss_adv_exp))

    def train_step(self, data: dict,
                   optim_wrapper: OptimWrapperDict) -> dict[str, Tensor]:
        """One iteration of Algorithm 1, with one optimizer for each step.

        Takes a collated batch; returns the weighted losses by name (those of
        line 2, where line 4 has them too) and their sums, ``loss_{step}``.
        """
        check_once(self, optim_wrapper)
        images, targets = self.preprocess(data)
        f_id = self.identify(images, optim_wrapper['encoders'])  # NxD
        # Step 1 (line 2): fix D and G_dec, update E_pose, C_p, E_exp, C_exp.
        log = self.update(optim_wrapper, 'encoders', self.encoder_losses,
                          images, f_id, targets)
        # Step 2 (line 3): fix G, C_exp and C_p, update D.
        if self.loss_disc is not None:
            log |= self.update(optim_wrapper, 'discriminator',
                               self.discriminator_losses, images, targets)
        # Step 3 (line 4): fix D, C_exp and C_p, update G.
        if (self.has_synthesis_losses or self.classify_in_generator_step
                or self.loss_confusion is not None):
            with frozen(*self.frozen_in_generator_step):
                log = self.update(optim_wrapper, 'generator',
                                  self.generator_losses, images, f_id,
                                  targets) | log
        return log | targets.counts

    def identify(self, images: Tensor,
                 wrapper: OptimWrapper) -> Tensor | None:
        """Encode images (N, 3, H, W) to f_id, (N, D), if a loss needs it."""
        if not self.has_synthesis_losses and self.loss_cos is None:
            return None
        with wrapper.optim_context(self), torch.no_grad():
            return self.identity_encoder(images)

    def preprocess(self, data: dict) -> tuple[Tensor, Targets]:
        """Turn a collated batch into images, (N, 3, H, W), and labels."""
        data = self.data_preprocessor(data, True)
        images, samples = data['inputs'], data['data_samples']
        return images, stack_targets(samples, images.device,
                                     self.pose_encoder is not None)

    def update(self, optim_wrapper: Mapping[str, OptimWrapper], step: str,
               losses: Callable, *args) -> dict[str, Tensor]:
        """Take a step with the gradient of the sum of ``losses(*args)``.

        Returns the weighted losses by name, and their sum as ``loss_{step}``.
        """
        with optim_wrapper[step].optim_context(self):
            losses = losses(*args)
        total, _ = self.parse_losses(losses)
        optim_wrapper[step].update_params(total)
        losses[f'loss_{step}'] = total
        return {name: value.detach() for name, value in losses.items()}

    def encoder_losses(self, images: Tensor, f_id: Tensor,
                       targets: Targets) -> dict[str, Tensor]:
        r"""Line 2, :math:`L_c + \beta_1 L_{cos}` of images (N, 3, H, W)."""
        f_pose, f_exp = self.encode(images, self.loss_pose is not None)
        return self.classification_losses(f_id, f_pose, f_exp, targets)

    def discriminator_losses(self, images: Tensor,
                             targets: Targets) -> dict[str, Tensor]:
        """Line 3, Eq. 8 of real images, (N, 3, H, W)."""
        logits = self.discriminator(images)  # NxK
        return dict(loss_disc=self.loss_disc(logits, targets.expression))

    def generator_losses(self, images: Tensor, f_id: Tensor,
                         targets: Targets) -> dict[str, Tensor]:
        """Line 4, Eq. 12 of images (N, 3, H, W), with L_confusion in it."""
        f_pose, f_exp = self.encode(
            images, self.has_synthesis_losses or (
                self.classify_in_generator_step
                and self.loss_pose is not None))
        return self.synthesis_losses(images, f_id, f_pose, f_exp, targets)

    def encode(self, images: Tensor,
               with_pose: bool = True) -> tuple[Tensor | None, Tensor]:
        """Encode images (N, 3, H, W) to f_pose, if needed, and f_exp, NxD."""
        f_exp = self.expression_encoder(images)
        if self.pose_encoder is None or not with_pose:
            return None, f_exp
        return self.pose_encoder(images), f_exp

    def classification_losses(self, f_id: Tensor, f_pose: Tensor | None,
                              f_exp: Tensor,
                              targets: Targets) -> dict[str, Tensor]:
        r"""Eq. 5, 6 and :math:`\beta_1` Eq. 3 of features (N, D)."""
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

    def synthesis_losses(self, images: Tensor, f_id: Tensor,
                         f_pose: Tensor | None, f_exp: Tensor,
                         targets: Targets) -> dict[str, Tensor]:
        """Eq. 12 of images (N, 3, H, W) and their features (N, D)."""
        losses = {}
        if self.has_synthesis_losses:
            fakes = self.decode_fakes(f_id, f_pose, f_exp, targets)
            losses |= self.fake_losses(images, f_id, fakes, targets)
        if self.classify_in_generator_step:
            losses |= self.classification_losses(f_id, f_pose, f_exp, targets)
        if self.loss_confusion is not None:
            losses['loss_confusion'] = self.loss_confusion(
                self.pose_head((f_exp, )))
        return losses

    def fake_losses(self, images: Tensor, f_id: Tensor, fakes: Tensor,
                    targets: Targets) -> dict[str, Tensor]:
        """Eq. 1, 2, 9 and 10 of fakes (2N, 3, H, W) of images."""
        losses = {}
        if self.loss_recon is not None:
            neutral, recon = fakes.chunk(2)
            losses['loss_recon'] = self.loss_recon(
                recon, neutral, images, targets.labels == self.neutral_label)
        if self.loss_id is not None:
            id_neutral, id_recon = self.identity_encoder(fakes).chunk(2)
            losses['loss_id'] = self.loss_id(id_recon, id_neutral, f_id)
        return losses | self.adversarial_losses(fakes, targets)

    def decode_fakes(self, f_id: Tensor, f_pose: Tensor | None,
                     f_exp: Tensor, targets: Targets) -> Tensor:
        """Decode features (N, D) without and with f_exp, (2N, 3, H, W)."""
        return self.decode(f_id, f_pose, f_exp)

    def adversarial_losses(self, fakes: Tensor,
                           targets: Targets) -> dict[str, Tensor]:
        """Eq. 9 and 10 of neutral and other fakes, (2N, 3, H, W)."""
        losses: dict[str, Tensor] = {}
        if self.loss_adv_neutral is None and self.loss_adv_exp is None:
            return losses
        neutral, recon = self.discriminator(fakes).chunk(2)  # NxK each
        if self.loss_adv_neutral is not None:
            label = torch.full_like(targets.labels, self.neutral_label)
            losses['loss_adv_neutral'] = self.loss_adv_neutral(neutral, label)
        if self.loss_adv_exp is not None:
            losses['loss_adv_exp'] = self.loss_adv_exp(
                recon, targets.expression)
        return losses
