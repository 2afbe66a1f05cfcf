"""``train_step`` against a literal transcription of the paper's Algorithm 1.

The reference below uses plain torch and deep copies of the networks: no loss,
no step and no optimizer code of ipdfer_mm or MMEngine.
"""

import copy
import inspect
import textwrap
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import torch
from mmengine.logging import MessageHub
from small_model import build_model, build_optim, make_batch

from ipdfer_mm.engine import CompileHook
from ipdfer_mm.models import ReconstructionLoss, ipdfer

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
    """

    def __init__(self, model, shared_adam=False, eq_12=True, norm_eval=True,
                 interval=1, one_update=False):
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
        self.parts = parts
        self.__dict__.update(parts)

        def adam(*names):
            return torch.optim.Adam(
                [p for name in names for p in parts[name].parameters()],
                lr=LR)

        self.trained = [p for name in ('E_pose', 'C_p', 'E_exp', 'C_exp')
                        for p in parts[name].parameters()]
        self.step1 = adam('E_pose', 'C_p', 'E_exp', 'C_exp')
        self.step2 = adam('D')
        self.step3 = adam('E_pose', 'E_exp', 'G_dec')
        if shared_adam:
            self.step1 = self.step3 = adam('E_pose', 'C_p', 'E_exp', 'C_exp',
                                           'G_dec')

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
        self.zero_grad()
        both = self.one_update and iteration % self.interval == 0
        loss.backward(retain_graph=both)
        gradients = [p.grad for p in self.trained]  # of line 2
        if not both:
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
        p_logits = self.C_p(f_exp)
        p = p_logits.exp() / p_logits.exp().sum(dim=1, keepdim=True)
        l_confusion = -(p.log() / 5).sum(dim=1).mean()  # Eq. 4
        loss = (LAMBDA1 * l_neu + LAMBDA2 * l_exp_f + LAMBDA3 * l_id
                + LAMBDA4 * l_recon + BETA2 * l_confusion)
        if self.eq_12:
            loss = (loss + self.classification(f_exp, f_pose, y, y_p)
                    + BETA1 * self.similarity(f_id, f_exp))
        self.zero_grad()
        (self.interval * loss).backward()
        for fixed in (self.D, self.C_exp, self.C_p):
            fixed.zero_grad(set_to_none=True)
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


def difference(shared_adam=False,
               eq_12=True,
               norm_eval=True,
               interval=1,
               one_update=False,
               memory_format=torch.contiguous_format,
               fused=None,
               compile_hook=None,
               iterations=ITERATIONS,
               device='cpu') -> float:
    """Largest difference of any parameter or buffer after some iterations."""
    model = build_model(
        classify_in_generator_step=eq_12,
        discriminator_norm_eval=norm_eval,
        generator_interval=interval,
        share_encoder_forward=one_update).double().to(device)
    reference = Reference(model, shared_adam, eq_12, norm_eval, interval,
                          one_update)
    optim = build_optim(model, LR, shared_adam, fused)
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
    worst = 0.0
    for name, module in ours.items():
        expected = reference.parts[name].state_dict()
        actual = module.state_dict()
        assert actual.keys() == expected.keys()
        for key, value in actual.items():
            gap = (value.double() - expected[key].double()).abs().max().item()
            worst = max(worst, gap)
    return worst


@pytest.mark.parametrize('shared_adam', [False, True])
@pytest.mark.parametrize('eq_12', [True, False])
def test_train_step_is_algorithm_1(shared_adam, eq_12):
    assert difference(shared_adam, eq_12) < TOLERANCE


def test_channels_last_is_algorithm_1():
    assert difference(memory_format=torch.channels_last) < TOLERANCE


def test_fused_adam_is_algorithm_1():
    assert difference(fused=True) < TOLERANCE


@pytest.mark.slow  # compiles five networks, two of them in two modes
@pytest.mark.skipif(not hasattr(torch.compiler, 'set_stance'),
                    reason='CompileHook needs torch 2.6')
def test_compiled_networks_are_algorithm_1():
    assert difference(compile_hook=CompileHook()) < TOLERANCE


@pytest.mark.slow
@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
def test_cuda_graphs_are_algorithm_1():
    # Recorded in the second iteration, replayed from the third on.
    assert difference(compile_hook=CompileHook(cuda_graphs=True),
                      iterations=6, device='cuda') < TOLERANCE


def gradients(dtype) -> dict[str, torch.Tensor]:
    """Gradients of step 3's loss, of each network that it trains.

    The loss is computed in autocast to ``dtype``.
    """
    model = build_model()
    data = model.data_preprocessor(make_batch(0, size=32), True)
    inputs = data['inputs']
    targets = model.get_targets(data['data_samples'], inputs.device)
    with torch.autocast('cpu', dtype, enabled=dtype != torch.float32):
        with torch.no_grad():
            f_id = model.identity_encoder(inputs)
        losses = model.generator_losses(inputs, f_id, *model.encode(inputs),
                                        targets)
    sum(losses.values()).backward()
    return {
        name: torch.cat([
            p.grad.flatten() for p in getattr(model, name).parameters()])
        for name in ('pose_encoder', 'expression_encoder', 'decoder')
    }


@pytest.mark.parametrize('dtype, least', [
    (torch.bfloat16, 0.9),  # 8 bits
    (torch.float16, 0.98),  # 11 bits
])
def test_gradients_in_half_precision(dtype, least):
    """Cosine of the gradients of each network.

    Of random networks with tiny maps the gradients are rough: the signs that
    L1 losses give flip where a difference is about 0.
    """
    exact, rounded = gradients(torch.float32), gradients(dtype)
    for name, gradient in exact.items():
        cosine = torch.cosine_similarity(gradient, rounded[name], dim=0)
        assert least < cosine < 1 - 1e-6, f'{name}: {cosine:.4f}'


def test_norm_of_the_fakes_is_algorithm_1():
    assert difference(norm_eval=False) < TOLERANCE


@pytest.mark.parametrize('shared_adam', [False, True])
def test_lazy_generator_is_algorithm_1(shared_adam):
    """Of three iterations with an interval of 2 the second has one step."""
    assert difference(shared_adam, interval=2) < TOLERANCE


@pytest.mark.parametrize('interval', [1, 2])
@pytest.mark.parametrize('eq_12', [True, False])
def test_shared_forward_is_one_update_of_steps_1_and_3(eq_12, interval):
    assert difference(
        True, eq_12, interval=interval, one_update=True) < TOLERANCE


def test_shared_forward_differs(monkeypatch):
    build = build_model
    monkeypatch.setitem(
        globals(), 'build_model',
        lambda share_encoder_forward, **kwargs: build(**kwargs))
    assert difference(True, one_update=True) > 1e3 * TOLERANCE


def test_shared_forward_needs_one_optimizer():
    model = build_model(share_encoder_forward=True)
    with pytest.raises(ValueError, match="remove 'generator'"):
        model.train_step(make_batch(0), build_optim(model))


@pytest.mark.parametrize('reading', [
    dict(shared_adam=True),
    dict(eq_12=False),
    dict(norm_eval=False),
    dict(interval=2),
], ids=str)
def test_readings_differ(reading, monkeypatch):
    """One that the model ignored would be seen."""
    name = 'build_optim' if 'shared_adam' in reading else 'build_model'
    build = globals()[name]
    monkeypatch.setitem(globals(), name, lambda *args, **kwargs: build(
        *args[:2]))
    assert difference(**reading) > 1e3 * TOLERANCE


def test_lazy_generator_needs_a_count(monkeypatch):
    monkeypatch.setattr(MessageHub, '_instance_dict', {})
    model = build_model(generator_interval=2)
    with pytest.raises(RuntimeError, match="update_info\\('iter'"):
        model.train_step(make_batch(0), build_optim(model))


@pytest.mark.parametrize('interval', [0, -1])
def test_generator_interval_is_positive(interval):
    with pytest.raises(ValueError, match='generator_interval'):
        build_model(generator_interval=interval)


# Each mutation changes the code under test in one way that a reader of the
# paper would call wrong; each must be seen.


def mutate_source(monkeypatch, method, *replacements):
    source = textwrap.dedent(
        inspect.getsource(getattr(ipdfer.IPDFERModel, method)))
    for old, new in replacements:
        assert old in source, f'{old!r} is not in {method}'
        source = source.replace(old, new)
    namespace = {}
    exec(compile(source, method, 'exec'), vars(ipdfer), namespace)
    monkeypatch.setattr(ipdfer.IPDFERModel, method, namespace[method])


def swap_steps_2_and_3(monkeypatch):
    discriminator_step = ipdfer.IPDFERModel._discriminator_step
    generator_step = ipdfer.IPDFERModel._generator_step

    def third(self, inputs, targets, optim_wrapper):
        with torch.no_grad():
            f_id = self.identity_encoder(inputs)
        return generator_step(self, inputs, f_id, targets, optim_wrapper)

    def second(self, inputs, f_id, targets, optim_wrapper):
        return discriminator_step(self, inputs, targets, optim_wrapper)

    monkeypatch.setattr(ipdfer.IPDFERModel, '_discriminator_step', third)
    monkeypatch.setattr(ipdfer.IPDFERModel, '_generator_step', second)


def do_not_detach_discriminator_and_classifiers(monkeypatch):
    fixed = ipdfer.fixed

    @contextmanager
    def fixed_but_attached(*modules):
        with fixed(*modules):
            for module in modules:
                if module is not None:
                    module.requires_grad_(True)
            yield

    monkeypatch.setattr(ipdfer, 'fixed', fixed_but_attached)


def leave_classification_out_of_step_3(monkeypatch):
    mutate_source(
        monkeypatch, 'generator_losses',
        ('if self.classify_in_generator_step:',
         "losses['loss_cos'] = self.loss_cos(f_id, f_exp)\n    if False:"))


def divide_by_the_neutral_count(monkeypatch):

    def forward(self, reconstruction, neutral, inputs, is_neutral):
        recon = (reconstruction - inputs).abs().mean()
        neutral = (neutral - inputs)[is_neutral].abs().mean()
        return self.loss_weight * (recon + neutral)

    monkeypatch.setattr(ReconstructionLoss, 'forward', forward)


def confuse_twice(monkeypatch):
    mutate_source(
        monkeypatch, 'generator_losses',
        ("losses['loss_confusion'] = self",
         "losses['loss_confusion'] = 2 * self"))


def train_identity_encoder_statistics(monkeypatch):
    mutate_source(
        monkeypatch, 'train_step',
        ('f_id = self.identity_encoder(inputs)',
         'self.identity_encoder.backbone.train(); '
         'f_id = self.identity_encoder(inputs); '
         'self.identity_encoder.backbone.eval()'))


@pytest.mark.parametrize('mutation', [
    swap_steps_2_and_3,
    do_not_detach_discriminator_and_classifiers,
    leave_classification_out_of_step_3,
    divide_by_the_neutral_count,
    confuse_twice,
    train_identity_encoder_statistics,
])
def test_mutation_is_seen(mutation, monkeypatch):
    mutation(monkeypatch)
    assert difference() > 1e3 * TOLERANCE
