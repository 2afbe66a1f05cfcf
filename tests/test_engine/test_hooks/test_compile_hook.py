"""Which networks are compiled, and when they are used."""

from types import SimpleNamespace

import pytest
import torch
from helpers.small_model import build_model, build_optim, make_batch

from benchmarks.networks import build_classifier
from ipdfer_mm.engine import CompileHook

pytestmark = pytest.mark.skipif(
    not hasattr(torch.compiler, 'set_stance'),
    reason='CompileHook needs torch 2.6')


@pytest.fixture
def compiled(monkeypatch):
    """Compile with a compiler that lists what it compiles, and how."""
    graphs, options = [], []
    original = torch.nn.Module.compile

    def compiler(graph, example_inputs):
        graphs.append(graph)
        return graph.forward

    def compile_(self, **kwargs):
        options.append((type(self).__name__, kwargs['mode']))
        original(self, backend=compiler, dynamic=kwargs['dynamic'])

    monkeypatch.setattr(torch.nn.Module, 'compile', compile_)
    torch.compiler.reset()
    yield SimpleNamespace(graphs=graphs, options=options)
    torch.compiler.set_stance('default')
    torch.compiler.reset()


def run_hook(model, cuda_graphs=False):
    hook = CompileHook(cuda_graphs)
    hook.before_train(SimpleNamespace(model=model))
    return hook


def test_networks_are_compiled(compiled):
    names = build_model().state_dict().keys()
    model = build_model()
    run_hook(model)
    kinds = sorted(kind for kind, _ in compiled.options)
    assert kinds == ['ExpressionDiscriminator', 'FaceDecoder', 'FaceEncoder',
                     'FaceEncoder', 'IdentityEncoder']
    assert {mode for _, mode in compiled.options} == {'default'}
    # A checkpoint is one of the model that is not compiled.
    assert model.state_dict().keys() == names


def test_backbone_of_a_baseline_behind_a_wrapper(compiled):
    model = torch.nn.DataParallel(build_classifier(8))
    run_hook(model, cuda_graphs=True)
    assert compiled.options == [('ResNet', 'reduce-overhead')]


def test_training_is_compiled_and_evaluation_is_not(compiled):
    model = build_model()
    optim = build_optim(model, 1e-3)
    hook = run_hook(model)
    counts = []
    for seed in range(3):
        hook.before_train_iter(None, seed)
        model.train_step(make_batch(seed), optim)
        hook.after_train_iter(None, seed)
        counts.append(len(compiled.graphs))
    # E_id for images and for fakes; E_pose and E_exp, which are alike;
    # G_dec; D for images and for fakes. None is compiled twice.
    assert counts == [6, 6, 6]
    model.eval()
    with torch.no_grad():
        model.expression_encoder(torch.zeros(5, 3, 64, 64))
    assert len(compiled.graphs) == 6
    hook.after_train(None)
    with torch.no_grad():
        model.expression_encoder(torch.zeros(5, 3, 64, 64))
    assert len(compiled.graphs) == 7


def test_old_torch_is_named(monkeypatch):
    monkeypatch.delattr(torch.compiler, 'set_stance')
    with pytest.raises(RuntimeError, match='needs torch 2.6 or later'):
        CompileHook()
