"""Algorithm 1 written down line by line, without any thought of cost."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ipdfer_mm.models import IPDFERModel

# The paper's weights, Section 4.2.
LAMBDA_1 = LAMBDA_2 = 0.001
LAMBDA_3 = 1.0
LAMBDA_4 = 10.0
BETA_1 = 0.5
BETA_2 = 1.0


class LiteralAlgorithm1:
    """What somebody writes who follows the paper in plain PyTorch.

    Each network is called where the algorithm names it: E_id in steps 1 and
    3, the decoder, the discriminator and N once for each synthesised face,
    and N for the real one. Only the parameters of E_id are frozen, so that
    step 3 also computes gradients of the discriminator and the classifiers
    that nobody uses.

    Args:
        model (IPDFERModel): The networks; they are trained in place.
        lr (float): Learning rate of the three Adams. Defaults to 1e-4.
    """

    def __init__(self, model: IPDFERModel, lr: float = 1e-4) -> None:
        self.model = model.train()
        model.identity_encoder.requires_grad_(False)
        self.encoders = self._adam(
            lr, model.pose_encoder, model.pose_head,
            model.expression_encoder, model.expression_head)
        self.discriminator = self._adam(lr, model.discriminator)
        self.generator = self._adam(
            lr, model.pose_encoder, model.expression_encoder, model.decoder)

    @staticmethod
    def _adam(lr: float, *modules: torch.nn.Module) -> torch.optim.Adam:
        return torch.optim.Adam(
            [p for module in modules for p in module.parameters()], lr=lr)

    def step(self, inputs: Tensor, labels: Tensor,
             pose_labels: Tensor) -> None:
        """One iteration.

        Args:
            inputs (Tensor): Pictures, (N, 3, H, W), RGB in [-1, 1].
            labels (Tensor): Expression classes, (N, ).
            pose_labels (Tensor): Pose classes, (N, ).
        """
        self._step_1(inputs, labels, pose_labels)
        self._step_2(inputs, labels)
        self._step_3(inputs, labels, pose_labels)

    def _step_1(self, x: Tensor, y: Tensor, y_p: Tensor) -> None:
        """Update E_pose, C_p, E_exp and C_exp."""
        model = self.model
        f_id = model.identity_encoder(x)
        f_pose = model.pose_encoder(x)
        f_exp = model.expression_encoder(x)
        self.encoders.zero_grad()
        self._classification(f_id, f_pose, f_exp, y, y_p).backward()
        self.encoders.step()

    def _step_2(self, x: Tensor, y: Tensor) -> None:
        """Update D, Eq. 8."""
        self.discriminator.zero_grad()
        F.cross_entropy(self.model.discriminator(x), y).backward()
        self.discriminator.step()

    def _step_3(self, x: Tensor, y: Tensor, y_p: Tensor) -> None:
        """Update E_pose, E_exp and G_dec, Eq. 12."""
        model = self.model
        model.discriminator.eval()
        f_id = model.identity_encoder(x)
        f_pose = model.pose_encoder(x)
        f_exp = model.expression_encoder(x)
        x_ip = model.decoder(f_id + f_pose)
        x_ipe = model.decoder(f_id + f_pose + f_exp)
        neutral = torch.full_like(y, model.neutral_label)
        l_neu = F.cross_entropy(model.discriminator(x_ip), neutral)
        l_exp = F.cross_entropy(model.discriminator(x_ipe), y)
        n_real = model.identity_encoder(x)
        l_id = ((model.identity_encoder(x_ipe) - n_real).abs().mean()
                + (model.identity_encoder(x_ip) - n_real).abs().mean())
        l_recon = (x_ipe - x).abs().mean() + (
            (x_ip - x).abs().mean(dim=(1, 2, 3)) * (y == neutral)).mean()
        logits = model.pose_head((f_exp, ))
        l_confusion = -logits.log_softmax(dim=1).mean()
        loss = (LAMBDA_1 * l_neu + LAMBDA_2 * l_exp + LAMBDA_3 * l_id
                + LAMBDA_4 * l_recon + BETA_2 * l_confusion
                + self._classification(f_id, f_pose, f_exp, y, y_p))
        self.generator.zero_grad()
        loss.backward()
        self.generator.step()
        model.discriminator.train()

    def _classification(self, f_id: Tensor, f_pose: Tensor, f_exp: Tensor,
                        y: Tensor, y_p: Tensor) -> Tensor:
        """Eq. 7, and Eq. 3 with its weight."""
        similarity = F.cosine_similarity(f_id, f_exp, dim=1).abs().mean()
        return (F.cross_entropy(self.model.expression_head((f_exp, )), y)
                + F.cross_entropy(self.model.pose_head((f_pose, )), y_p)
                + BETA_1 * similarity)
