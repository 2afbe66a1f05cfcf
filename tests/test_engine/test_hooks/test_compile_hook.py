"""Which networks are compiled, and when they are used."""

from types import SimpleNamespace

import pytest
import torch
from helpers.small_model import build_model, build_optim, make_batch

from benchmarks.networks import build_classifier
from ipdfer_mm.engine import CompileHook
from ipdfer_mm.engine.hooks import compile_hook

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
    hook.after_train(SimpleNamespace(model=model))
    with torch.no_grad():
        model.expression_encoder(torch.zeros(5, 3, 64, 64))
    assert len(compiled.graphs) == 6


def test_old_torch_is_named(monkeypatch):
    monkeypatch.setattr(compile_hook, 'CAN_SWITCH', False)
    with pytest.raises(RuntimeError, match='needs torch 2.6 or later'):
        CompileHook()


class Parameter:
    """Stands in for one on a GPU."""

    device = torch.device('cuda')


@pytest.fixture
def gpu(monkeypatch):
    """A runner that is about to train on a GPU, as far as the hook can see."""
    monkeypatch.setattr(torch.cuda, 'get_device_capability', lambda _: (9, 0))
    monkeypatch.setattr(compile_hook.importlib.util, 'find_spec', bool)
    logged = []
    return SimpleNamespace(
        model=SimpleNamespace(
            parameters=lambda: iter([Parameter]), children=lambda: iter([])),
        world_size=1, iter=0, max_iters=5000, logged=logged,
        logger=SimpleNamespace(info=logged.append))


def test_safe_on_one_gpu(gpu):
    hook = CompileHook(cuda_graphs=True, only_if_safe=True)
    hook.before_train(gpu)
    assert hook.active
    assert not gpu.logged


@pytest.mark.parametrize('change, reason', [
    (lambda patch, run: patch.setattr(compile_hook, 'CAN_SWITCH', False),
     'older than 2.6'),
    (lambda patch, run: patch.setattr(Parameter, 'device',
                                      torch.device('cpu')), '"cpu"'),
    (lambda patch, run: patch.setattr(run, 'world_size', 2), '2 processes'),
    (lambda patch, run: patch.setattr(compile_hook.importlib.util,
                                      'find_spec', lambda _: None),
     'triton is not installed'),
    (lambda patch, run: patch.setattr(torch.cuda, 'get_device_capability',
                                      lambda _: (6, 1)), 'as old as this'),
    (lambda patch, run: patch.setattr(run, 'iter', 4500), '500 iterations'),
])
def test_not_compiled_and_why(gpu, monkeypatch, change, reason):
    change(monkeypatch, gpu)
    hook = CompileHook(cuda_graphs=True, only_if_safe=True)
    hook.before_train(gpu)
    (line, ) = gpu.logged
    assert reason in line
    stances = []
    monkeypatch.setattr(torch.compiler, 'set_stance', stances.append)
    hook.before_train_iter(gpu, 0)
    hook.after_train_iter(gpu, 0)
    hook.after_train(gpu)
    assert not stances
