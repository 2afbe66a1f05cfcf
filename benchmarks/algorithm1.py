"""A literal transcription of the paper's Algorithm 1, and its variants.

It uses plain torch and the networks alone: no loss, no step and no optimizer
code of ipdfer_mm or MMEngine. The tests hold train_step to it, and
benchmarks/training.py compares the speed of both.
"""

import torch
import torch.nn as nn
from torch import Tensor

# The paper's weights, Section 4.2.
LAMBDA1, LAMBDA2, LAMBDA3, LAMBDA4 = 0.001, 0.001, 1.0, 10.0
BETA1, BETA2 = 0.5, 1.0


def networks(model: nn.Module) -> dict[str, nn.Module]:
    """Networks of an IPDFERModel by the paper's names; A is an adversary."""
    parts = dict(
        E_id=model.identity_encoder,
        E_pose=model.pose_encoder,
        E_exp=model.expression_encoder,
        C_p=model.pose_head.fc,
        C_exp=model.expression_head.fc,
        G_dec=model.decoder,
        D=model.discriminator)
    if hasattr(model, 'pose_adversary'):
        parts['A'] = model.pose_adversary.fc
    return parts


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Eq. 5, 6, 8: the mean over the batch of -log softmax at the label.

    A negative label is an unknown one and contributes nothing.
    """
    log_p = logits - logits.exp().sum(dim=1, keepdim=True).log()
    known = labels >= 0
    picked = log_p[torch.arange(len(labels)), labels.clamp(min=0)]
    return -(picked * known).sum() / len(labels)


class Algorithm1:
    """Algorithm 1, line by line, and its variants.

    Each network is called where the algorithm names it: the decoder and the
    discriminator once for each synthesized face, and the identity network
    once for E_id, and for each N(x) of Eq. 2. Only the parameters of E_id are
    frozen, so that line 4 also computes gradients of D and the classifiers
    that it does not use.

    Args:
        model: The networks; they are trained in place.
        neutral: Label of the neutral expression.
        lr: Learning rate of the three Adams.
        shared_adam: Whether lines 2 and 4 share one optimizer.
        eq_12: Whether line 4 minimizes Eq. 12; else what Algorithm 1 prints,
            read as Eq. 11 and the confusion loss.
        norm_eval: Whether D normalizes fakes by its running statistics.
        interval: Lines 3 and 4 come in every so many iterations, with the
            loss of line 4 times this.
        one_update: Whether lines 2 and 4 share the features, and the sum of
            their losses updates the encoders once.
        adversary: Whether a classifier learns the pose from f_exp in line 2,
            and L_confusion asks it instead of C_p.
        decoder_gradient: What the gradient of the synthesized faces' losses
            is multiplied with in E_exp.
    """

    def __init__(self, model: nn.Module, neutral: int, lr: float = 1e-4,
                 shared_adam: bool = False, eq_12: bool = True,
                 norm_eval: bool = True, interval: int = 1,
                 one_update: bool = False, adversary: bool = False,
                 decoder_gradient: float = 1) -> None:
        self.neutral = neutral
        self.eq_12 = eq_12
        self.one_update = one_update
        self.norm_eval = norm_eval
        self.interval = interval
        self.decoder_gradient = decoder_gradient
        parts = networks(model)
        self.adversary = adversary
        self.parts = parts
        self.__dict__.update(parts)
        self.E_id.requires_grad_(False)

        def adam(*names: str) -> torch.optim.Adam:
            return torch.optim.Adam(
                [p for name in names for p in parts[name].parameters()],
                lr=lr)

        line_2 = ('E_pose', 'C_p', 'E_exp', 'C_exp', *'A' * adversary)
        self.trained = [p for name in line_2
                        for p in parts[name].parameters()]
        self.step1 = adam(*line_2)
        self.step2 = adam('D')
        self.step3 = adam('E_pose', 'E_exp', 'G_dec')
        if shared_adam:
            self.step1 = self.step3 = adam(*line_2, 'G_dec')

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for part in self.parts.values():
            part.zero_grad(set_to_none=True)

    def iterate(self, iteration: int, x: Tensor, y: Tensor,
                y_p: Tensor) -> None:
        """One iteration.

        Args:
            iteration: Its number, from 0.
            x: Images, (N, 3, H, W), RGB in [-1, 1].
            y: Expressions, (N, ).
            y_p: Yaw bins, (N, ); negative where unknown.
        """
        self.E_id.eval()
        for name in ('E_pose', 'E_exp', 'G_dec', 'D'):
            self.parts[name].train()
        # Line 2. Fix D and G_dec, update E_pose, C_p, E_exp and C_exp.
        f_id = self.E_id(x).detach()
        f_exp, f_pose = self.E_exp(x), self.E_pose(x)
        loss = self.classification(f_exp, f_pose, y, y_p)
        loss = loss + BETA1 * self.similarity(f_id, f_exp)
        if self.adversary:
            loss = loss + cross_entropy(self.A(f_exp.detach()), y_p)
        self.zero_grad()
        loss.backward(retain_graph=self.one_update)
        gradients = [p.grad for p in self.trained]  # of line 2
        if not self.one_update:
            self.step1.step()
        if iteration % self.interval:
            return

        # Line 3. Fix G, C_exp and C_p, update D (Eq. 8).
        self.zero_grad()
        cross_entropy(self.D(x), y).backward()
        self.step2.step()

        # Line 4. Fix D, C_exp and C_p, update G (Eq. 12).
        if self.norm_eval:
            self.D.eval()
        if not self.one_update:
            f_exp, f_pose = self.E_exp(x), self.E_pose(x)
        f_ip = f_id + f_pose
        f_ipe = f_ip + f_exp
        # Instance norm treats samples alone: two calls equal one of 2N.
        x_ip, x_ipe = self.G_dec(f_ip), self.G_dec(f_ipe)
        c = torch.full_like(y, self.neutral)
        if self.norm_eval:
            d_ip, d_ipe = self.D(x_ip), self.D(x_ipe)
        else:  # the statistics of all fakes
            d_ip, d_ipe = self.D(torch.cat([x_ip, x_ipe])).split(len(x))
        l_neu = cross_entropy(d_ip, c)  # Eq. 9
        l_exp_f = cross_entropy(d_ipe, y)  # Eq. 10
        l_id = ((self.E_id(x_ipe) - self.E_id(x)).abs().mean()
                + (self.E_id(x_ip) - self.E_id(x)).abs().mean())  # Eq. 2
        is_neutral = y == self.neutral
        l_recon = (x_ipe - x).abs().mean() + (
            (x_ip - x).abs().mean(dim=(1, 2, 3)) * is_neutral).mean()  # Eq. 1
        p_logits = (self.A if self.adversary else self.C_p)(f_exp)
        p = p_logits.exp() / p_logits.exp().sum(dim=1, keepdim=True)
        l_confusion = -(p.log() / 5).sum(dim=1).mean()  # Eq. 4
        loss = (LAMBDA1 * l_neu + LAMBDA2 * l_exp_f + LAMBDA3 * l_id
                + LAMBDA4 * l_recon)
        self.zero_grad()
        if self.decoder_gradient != 1:
            (self.interval * loss).backward(retain_graph=True)
            for p in self.E_exp.parameters():
                p.grad *= self.decoder_gradient
            loss = 0
        loss = loss + BETA2 * l_confusion
        if self.eq_12:
            loss = (loss + self.classification(f_exp, f_pose, y, y_p)
                    + BETA1 * self.similarity(f_id, f_exp))
        (self.interval * loss).backward()
        for name in ('D', 'C_exp', 'C_p', *'A' * self.adversary):
            self.parts[name].zero_grad(set_to_none=True)
        if self.one_update:
            for p, gradient in zip(self.trained, gradients):
                if gradient is not None:
                    p.grad = gradient if p.grad is None else p.grad + gradient
        self.step3.step()

    def classification(self, f_exp: Tensor, f_pose: Tensor, y: Tensor,
                       y_p: Tensor) -> Tensor:
        """Eq. 7."""
        return (cross_entropy(self.C_exp(f_exp), y)
                + cross_entropy(self.C_p(f_pose), y_p))

    @staticmethod
    def similarity(f_id: Tensor, f_exp: Tensor) -> Tensor:
        """Eq. 3."""
        dot = (f_id * f_exp).sum(dim=1).abs()
        norms = f_id.pow(2).sum(dim=1).sqrt() * f_exp.pow(2).sum(1).sqrt()
        return (dot / norms).mean()
