"""The steps that are compared: the same mathematics, and what they cost."""

from dataclasses import replace
from functools import partial

import pytest
import torch

from benchmarks.contenders import (
    LITERAL,
    OURS,
    PLAIN,
    Workload,
    count_flops,
    make_step,
    step_flops,
)
from benchmarks.memory import build_step
from benchmarks.networks import build_classifier, build_ipdfer
from benchmarks.options import (
    generator_interval,
    ipdfer_options,
    parse_options,
)
from benchmarks.phases import time_phases
from benchmarks.report import plain_options

WORK = Workload(width=8, size=32, batch_size=4)


def test_flops_are_those_of_the_passes():
    """A backward pass costs two forward passes, one where only the gradient
    of the weights or only that of the inputs is needed."""
    model = build_ipdfer(WORK.width, WORK.size)
    images = torch.zeros(WORK.batch_size, 3, WORK.size, WORK.size)
    feats = torch.zeros(WORK.batch_size, 8 * WORK.width)
    with torch.no_grad():
        encoder, first, decoder = (
            count_flops(partial(module, inputs)) for module, inputs in (
                (model.expression_encoder, images),
                (model.expression_encoder.backbone.conv1, images),
                (model.decoder, feats)))
    trained = 3 * encoder - first  # images need no gradient

    def assert_costs(kind, options, flops):
        assert count_flops(make_step(kind, options, WORK)) == pytest.approx(
            flops, rel=0.01)

    assert_costs(PLAIN, 'default', trained)
    step_1 = encoder + 2 * trained
    step_2 = trained
    fakes = 2 * 3 * decoder + 2 * 2 * encoder + 2 * 2 * encoder  # D and N
    ours = step_1 + step_2 + 2 * trained + fakes
    assert_costs(OURS, 'default', ours)
    # E_id and N(x) again, and the gradients of D's weights twice.
    assert_costs(LITERAL, 'default', ours + 4 * encoder)
    assert_costs(OURS, 'lazy3', ours + 2 * step_1)
    assert_costs(OURS, 'shared_forward', ours - 2 * trained)
    # An iteration of a larger batch.
    work = replace(WORK, batch_size=5 * WORK.batch_size)
    assert step_flops(OURS, 'lazy3', work) == pytest.approx(
        5 * (ours + 2 * step_1) / 3, rel=0.01)


def test_baseline_has_the_layers_of_the_expression_branch():
    classifier = build_classifier(8)
    model = build_ipdfer(8, 32)
    branch = (*model.expression_encoder.parameters(),
              *model.expression_head.parameters())
    assert [p.shape for p in classifier.parameters()] == [
        p.shape for p in branch]


def test_options():
    assert parse_options('default') == frozenset()
    names = parse_options('channels_last+bf16+lazy8')
    assert names == {'channels_last', 'bf16', 'lazy8'}
    assert generator_interval(names) == 8
    assert generator_interval(frozenset()) == 1
    assert ipdfer_options('channels_last+lazy8+bf16') == 'lazy8'
    assert ipdfer_options('fused') == 'default'
    assert plain_options('lazy8') == 'default'
    assert plain_options('fused+shared_forward') == 'fused'


@pytest.mark.parametrize('options, message', [
    ('turbo+fused', "unknown options \\['turbo'\\]"),
    ('lazy0', 'lazy0'),
    ('fp16+bf16', 'two precisions'),
    ('tf32+bf16', 'two precisions'),
    ('shared_forward+lazy4', 'two variants'),
])
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        parse_options(options)


@pytest.mark.parametrize('kind', [PLAIN, OURS])
def test_options_are_applied(kind, monkeypatch):
    compiled, groups = [], []
    monkeypatch.setattr(torch.nn.Module, 'compile',
                        lambda self, **kwargs: compiled.append(kwargs['mode']))
    optimizer = torch.optim.Optimizer.__init__

    def spy(self, params, defaults):
        optimizer(self, params, defaults)
        groups.extend(self.param_groups)

    monkeypatch.setattr(torch.optim.Optimizer, '__init__', spy)
    make_step(kind, 'compile+fused+channels_last', WORK)
    # The backbone; three encoders, decoder, discriminator.
    assert compiled == ['default'] * (1 if kind == PLAIN else 5)
    assert [group['fused'] for group in groups] == [True] * (
        1 if kind == PLAIN else 3)
    assert all(p.is_contiguous(memory_format=torch.channels_last)
               for group in groups for p in group['params']
               if p.ndim == 4 and p.shape[-1] > 1)
    make_step(kind, 'cuda_graphs', WORK)
    assert compiled[-1] == 'reduce-overhead'
    assert groups[-1]['fused'] is None


def test_phases():
    phases = time_phases('default', WORK, 2)
    assert list(phases) == ['step 1', 'step 2', 'step 3', 'optimizer']
    assert all(seconds > 0 for seconds in phases.values())
    # Step 2 trains one network, step 3 takes fourteen passes more.
    assert phases['step 3'] > phases['step 2']


def test_memory_grows_with_the_networks():
    """At width 64, IPD-FER's five networks of 11 million weights and more
    have 12 bytes of gradient and Adam each beside the 4 of the weight."""
    step, plain = build_step(PLAIN, 'default', Workload(64, 32, 2))
    step()
    assert plain > 11e6 * 16
    assert plain < 11e6 * 16 * 3
