"""Training against a literal transcription of the paper's Algorithm 1."""

import inspect
import textwrap
from contextlib import contextmanager

import pytest
import torch
from helpers.algorithm1 import TOLERANCE, difference
from helpers.small_model import build_model, make_batch

from ipdfer_mm.engine import CompileHook
from ipdfer_mm.models import ReconstructionLoss, ipdfer

EQ_11 = dict(classify_in_generator_step=False)


def test_train_step_is_algorithm_1():
    assert difference() < TOLERANCE


def test_other_reading_of_line_4_is_eq_11_and_confusion():
    assert difference(EQ_11, eq_12=False) < TOLERANCE
    assert difference(EQ_11) > 1e3 * TOLERANCE


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
    images, targets = model.preprocess(make_batch(0, size=32))
    with torch.autocast('cpu', dtype, enabled=dtype != torch.float32):
        with torch.no_grad():
            f_id = model.identity_encoder(images)
        losses = model.generator_losses(images, f_id, targets)
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
    update = ipdfer.IPDFERModel.update
    waiting = []

    def swapped(self, optim_wrapper, step, *args):
        if step == 'discriminator':
            waiting.append((step, *args))
            return {}
        log = update(self, optim_wrapper, step, *args)
        while step == 'generator' and waiting:
            # Out of the context that freezes D.
            self.discriminator.requires_grad_(True).train()
            log |= update(self, optim_wrapper, *waiting.pop())
        return log

    monkeypatch.setattr(ipdfer.IPDFERModel, 'update', swapped)


def do_not_detach_discriminator_and_classifiers(monkeypatch):
    frozen = ipdfer.frozen

    @contextmanager
    def frozen_but_attached(*modules):
        with frozen(*modules):
            for module in modules:
                if module is not None:
                    module.requires_grad_(True)
            yield

    monkeypatch.setattr(ipdfer, 'frozen', frozen_but_attached)


def leave_classification_out_of_step_3(monkeypatch):
    mutate_source(
        monkeypatch, 'synthesis_losses',
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
        monkeypatch, 'synthesis_losses',
        ("losses['loss_confusion'] = self",
         "losses['loss_confusion'] = 2 * self"))


def train_identity_encoder_statistics(monkeypatch):
    mutate_source(
        monkeypatch, 'train_step',
        ('f_id = self.identity_encoder(images)',
         'self.identity_encoder.backbone.train(); '
         'f_id = self.identity_encoder(images); '
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
