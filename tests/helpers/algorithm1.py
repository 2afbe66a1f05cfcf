"""A literal transcription of the paper's Algorithm 1, and its variants.

It uses plain torch and deep copies of the networks: no loss, no step and no
optimizer code of ipdfer_mm or MMEngine.
"""

import copy
from types import SimpleNamespace

import torch
from mmengine.logging import MessageHub

from helpers.small_model import build_model, build_optim, make_batch

ITERATIONS = 3
LR = 1e-3
TOLERANCE = 1e-9
LAMBDA1, LAMBDA2, LAMBDA3, LAMBDA4 = 0.001, 0.001, 1.0, 10.0
BETA1, BETA2 = 0.5, 1.0
NEUTRAL = 2


def cross_entropy(logits, labels):
    """Eq. 5, 6, 8: the mean over the batch of -log softmax at the label.

    A negative label is an unknown one and contributes nothing.
    """
    log_p = logits - logits.exp().sum(dim=1, keepdim=True).log()
    known = labels >= 0
    picked = log_p[torch.arange(len(labels)), labels.clamp(min=0)]
    return -(picked * known).sum() / len(labels)


class Reference:
    """Algorithm 1, line by line.

    Args:
        model: The model whose networks are copied.
        shared_adam: Whether lines 2 and 4 share one optimizer.
        eq_12: Whether line 4 minimises Eq. 12; else what Algorithm 1 prints,
            read as Eq. 11 and the confusion loss.
        norm_eval: Whether D normalises fakes by its running statistics.
        interval: Lines 3 and 4 come in every so many iterations, with the
            loss of line 4 times this.
        one_update: Whether lines 2 and 4 share the features, and the sum of
            their losses updates the encoders once.
        adversary: Whether a classifier learns the pose from f_exp in line 2,
            and L_confusion asks it instead of C_p.
    """

    def __init__(self, model, shared_adam=False, eq_12=True, norm_eval=True,
                 interval=1, one_update=False, adversary=False):
        self.eq_12 = eq_12
        self.one_update = one_update
        self.norm_eval = norm_eval
        self.interval = interval
        parts = copy.deepcopy(
            dict(
                E_id=model.identity_encoder,
                E_pose=model.pose_encoder,
                E_exp=model.expression_encoder,
                C_p=model.pose_head.fc,
                C_exp=model.expression_head.fc,
                G_dec=model.decoder,
                D=model.discriminator))
        if adversary:
            parts['A'] = copy.deepcopy(model.pose_adversary.fc)
        self.adversary = adversary
        self.parts = parts
        self.__dict__.update(parts)

        def adam(*names):
            return torch.optim.Adam(
                [p for name in names for p in parts[name].parameters()],
                lr=LR)

        line_2 = ('E_pose', 'C_p', 'E_exp', 'C_exp', *'A' * adversary)
        self.trained = [p for name in line_2
                        for p in parts[name].parameters()]
        self.step1 = adam(*line_2)
        self.step2 = adam('D')
        self.step3 = adam('E_pose', 'E_exp', 'G_dec')
        if shared_adam:
            self.step1 = self.step3 = adam(*line_2, 'G_dec')

    def zero_grad(self):
        for part in self.parts.values():
            part.zero_grad(set_to_none=True)

    def iterate(self, iteration, x, y, y_p):
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
        c = torch.full_like(y, NEUTRAL)
        if self.norm_eval:
            d_ip, d_ipe = self.D(x_ip), self.D(x_ipe)
        else:  # the statistics of all fakes
            d_ip, d_ipe = self.D(torch.cat([x_ip, x_ipe])).split(len(x))
        l_neu = cross_entropy(d_ip, c)  # Eq. 9
        l_exp_f = cross_entropy(d_ipe, y)  # Eq. 10
        l_id = ((self.E_id(x_ipe) - self.E_id(x)).abs().mean()
                + (self.E_id(x_ip) - self.E_id(x)).abs().mean())  # Eq. 2
        l_recon = (x_ipe - x).abs().mean()  # Eq. 1
        for i in range(len(x)):
            if y[i] == NEUTRAL:
                l_recon = l_recon + (x_ip[i] - x[i]).abs().mean() / len(x)
        p_logits = (self.A if self.adversary else self.C_p)(f_exp)
        p = p_logits.exp() / p_logits.exp().sum(dim=1, keepdim=True)
        l_confusion = -(p.log() / 5).sum(dim=1).mean()  # Eq. 4
        loss = (LAMBDA1 * l_neu + LAMBDA2 * l_exp_f + LAMBDA3 * l_id
                + LAMBDA4 * l_recon + BETA2 * l_confusion)
        if self.eq_12:
            loss = (loss + self.classification(f_exp, f_pose, y, y_p)
                    + BETA1 * self.similarity(f_id, f_exp))
        self.zero_grad()
        (self.interval * loss).backward()
        for name in ('D', 'C_exp', 'C_p', *'A' * self.adversary):
            self.parts[name].zero_grad(set_to_none=True)
        if self.one_update:
            for p, gradient in zip(self.trained, gradients):
                if gradient is not None:
                    p.grad = gradient if p.grad is None else p.grad + gradient
        self.step3.step()

    def classification(self, f_exp, f_pose, y, y_p):
        """Eq. 7."""
        return (cross_entropy(self.C_exp(f_exp), y)
                + cross_entropy(self.C_p(f_pose), y_p))

    @staticmethod
    def similarity(f_id, f_exp):
        """Eq. 3."""
        dot = (f_id * f_exp).sum(dim=1).abs()
        norms = f_id.pow(2).sum(dim=1).sqrt() * f_exp.pow(2).sum(1).sqrt()
        return (dot / norms).mean()


def difference(cfg=None,
               memory_format=torch.contiguous_format,
               fused=None,
               compile_hook=None,
               iterations=ITERATIONS,
               device='cpu',
               **reading) -> float:
    """Largest difference of any parameter or buffer after some iterations.

    Args:
        cfg: What is other than in the config of the small model.
        memory_format: Of the model.
        fused: Of Adam.
        compile_hook: Compiles the networks.
        iterations: How many.
        device: Of both.
        **reading: Of the reference.
    """
    model = build_model(**(cfg or {})).double().to(device)
    reference = Reference(model, **reading)
    optim = build_optim(model, LR, fused)
    model.to(memory_format=memory_format)
    if compile_hook is not None:
        compile_hook.before_train(SimpleNamespace(model=model))
    for seed in range(iterations):
        if compile_hook is not None:
            compile_hook.before_train_iter(None, seed)
        batch = make_batch(seed)
        x = batch['inputs'].double().to(device) / 127.5 - 1
        # The data preprocessor swaps BGR to RGB.
        x = x.flip(1)
        y = torch.cat([s.gt_label for s in batch['data_samples']]).to(device)
        y_p = torch.cat(
            [s.pose_label for s in batch['data_samples']]).to(device)
        reference.iterate(seed, x, y, y_p)
        MessageHub.get_current_instance().update_info('iter', seed)
        model.train_step(batch, optim)
    ours = dict(
        E_id=model.identity_encoder,
        E_pose=model.pose_encoder,
        E_exp=model.expression_encoder,
        C_p=model.pose_head.fc,
        C_exp=model.expression_head.fc,
        G_dec=model.decoder,
        D=model.discriminator)
    if reference.adversary:
        ours['A'] = model.pose_adversary.fc
    assert ours.keys() == reference.parts.keys()
    worst = 0.0
    for name, module in ours.items():
        expected = reference.parts[name].state_dict()
        actual = module.state_dict()
        assert actual.keys() == expected.keys()
        for key, value in actual.items():
            gap = (value.double() - expected[key].double()).abs().max().item()
            worst = max(worst, gap)
    return worst
