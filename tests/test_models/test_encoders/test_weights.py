import copy
import logging

import pytest
import torch
from mmengine.runner import CheckpointLoader
from mmpretrain.models import ResNet, VisionTransformer
from safetensors.torch import save_file

from ipdfer_mm.models.encoders import IResNet, load_face_weights
from ipdfer_mm.utils.compat import set_checkpoint_trust


def network(depth=18):
    return IResNet(depth, out_channels=8, img_size=16)


def assert_loads(path, state, module=None, **kwargs):
    """Load a file into a network, which must then have these weights."""
    module = module or network()
    load_face_weights(module, str(path), **kwargs)
    for name, value in module.state_dict().items():
        assert torch.equal(value, state[name]), name


@pytest.fixture
def state():
    """Weights unlike those of any network that is built."""
    torch.manual_seed(5)
    return {
        name: torch.rand_like(value) if value.is_floating_point() else value
        for name, value in network().state_dict().items()}


@pytest.fixture
def path(tmp_path):
    return tmp_path / 'file.pth'


@pytest.fixture
def restored_loaders(monkeypatch):
    monkeypatch.setattr(CheckpointLoader, '_schemes',
                        copy.copy(CheckpointLoader._schemes))


def prefixed(state, prefix):
    return {prefix + name: value for name, value in state.items()}


LAYOUTS = {
    'bare': lambda state: state,
    'bare, with a remark': lambda state: dict(**state, model='iresnet18'),
    'state_dict': lambda state: dict(state_dict=state, epoch=3),
    'model': lambda state: dict(model=state, optimizer=dict(lr=.1)),
    'data parallel': lambda state: prefixed(state, 'module.'),
    'mmpretrain': lambda state: dict(meta=dict(epoch=1), state_dict={
        **prefixed(state, 'backbone.'), 'head.fc.weight': torch.zeros(7, 8)}),
    'wrapped': lambda state: dict(
        state_dict=prefixed(state, 'module.backbone.')),
}


@pytest.mark.parametrize('layout', LAYOUTS)
@pytest.mark.parametrize('ending', ['.pth', '.pt'])
def test_layouts(path, state, log, layout, ending):
    path = path.with_suffix(ending)
    torch.save(LAYOUTS[layout](state), path)
    assert_loads(path, state)
    # 31 norms of four tensors, 21 convolutions, 9 PReLUs, `fc` of two
    assert '156 of 156 keys match' in log.text
    assert log.records[-1].levelno == logging.INFO


@pytest.mark.parametrize('prefix', ['', 'backbone.'])
def test_safetensors(tmp_path, state, prefix):
    save_file(prefixed(state, prefix), tmp_path / 'file.safetensors')
    assert_loads(tmp_path / 'file.safetensors', state)


@pytest.mark.parametrize('prefix', ['encoder.backbone', 'encoder.backbone.'])
def test_given_prefix(path, state, prefix):
    """A prefix counts even where another would fit as well."""
    other = {name: torch.zeros_like(value) for name, value in state.items()}
    torch.save({**other, **prefixed(state, 'encoder.backbone.')}, path)
    assert_loads(path, state, prefix=prefix)


def test_any_address_of_the_checkpoint_loader(state, restored_loaders):
    CheckpointLoader.register_scheme(
        'testing://', lambda filename, map_location: {filename[10:]: state})
    assert_loads('testing://state_dict', state)


def test_public_resnet18_with_torchvision_s_names(path, log):
    """Its classifier goes unmentioned; old files have no counters."""
    module = ResNet(18)
    before = module.state_dict()
    state = {name: torch.rand_like(value) for name, value in before.items()
             if value.is_floating_point()}
    torch.save({**state, 'fc.weight': torch.ones(3, 512)}, path)
    assert_loads(path, {**before, **state}, module)
    # 20 convolutions and 20 norms of four tensors each
    assert '100 of 100 keys match' in log.text and 'fc.weight' not in log.text
    assert log.records[-1].levelno == logging.INFO


def test_what_does_not_fit_is_logged(path, state, log):
    module = network()
    before = copy.deepcopy(module.state_dict())
    del state['features.bias']
    state['fc.weight'] = torch.zeros(9, 512)
    state['extra.weight'] = torch.zeros(1)
    torch.save(state, path)
    kept = {name: before[name] for name in ('fc.weight', 'features.bias')}
    assert_loads(path, {**state, **kept}, module)
    assert log.records[-1].levelno == logging.WARNING
    for text in ('154 of 156 keys match', 'not in the file: features.bias',
                 'other shape: fc.weight (file 9x512, network 8x512)',
                 'not in the network: extra.weight'):
        assert text in log.text


def without_first_stage(state):
    return {k: v for k, v in state.items() if not k.startswith('layer1')}


def other_first_stage(state):
    return {
        k: v.mean(dim=0) if k.startswith('layer1') and v.dim() > 1 else v
        for k, v in state.items() if 'layer1.0.bn' not in k}


@pytest.mark.parametrize('change, message', [
    (without_first_stage, 'not in the file: layer1.0.bn1.weight'),
    (other_first_stage, r'other shape: layer1.0.conv1.weight '
     r'\(file 64x3x3, network 64x64x3x3\)'),
    (lambda state: prefixed(state, 'net.'),
     'only 0 of 156(.|\n)*begins with: net.conv1.weight(.|\n)*`prefix`'),
    (lambda state: network(34).state_dict(),
     'larger network: .* of its keys have no place'),
], ids=['missing', 'misshapen', 'prefix', 'deeper'])
def test_file_of_another_network(path, state, change, message):
    torch.save(change(state), path)
    module = network()
    before = copy.deepcopy(module.state_dict())
    with pytest.raises(ValueError, match=message) as info:
        load_face_weights(module, str(path))
    for text in (str(path), 'IResNet',
                 'Give the network the type, depth and widths'):
        assert text in str(info.value)
    for name, value in module.state_dict().items():
        assert torch.equal(value, before[name])


@pytest.mark.parametrize('name', ['no.pth', 'no.safetensors'])
def test_missing_file_says_where_to_get_one(tmp_path, name):
    with pytest.raises(FileNotFoundError) as info:
        load_face_weights(network(), str(tmp_path / name))
    for text in (str(tmp_path / name), 'pretrain/resnet18_arcface_casia.py',
                 'torchvision or arcface_torch', 'ipdfer_facenet_rafdb.py'):
        assert text in str(info.value)


def test_home_is_expanded(tmp_path, state, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path))
    torch.save(state, tmp_path / 'file.pth')
    save_file(state, tmp_path / 'file.safetensors')
    for name in ('file.pth', 'file.safetensors'):
        assert_loads(f'~/{name}', state)


@pytest.mark.parametrize('content', [dict(epoch=3, names=['a']), [1, 2], {}])
def test_file_without_state_dict(path, content):
    torch.save(content, path)
    with pytest.raises(ValueError, match='file.pth holds no state dict'):
        load_face_weights(network(), str(path))


class Unknown:
    """What a pickle can hold."""


def test_trust_policy_applies(path, state, restored_loaders):
    torch.save(dict(state_dict=state, meta=Unknown()), path)
    set_checkpoint_trust(False)
    with pytest.raises(RuntimeError, match='--trust-checkpoint'):
        load_face_weights(network(), str(path))
    set_checkpoint_trust(True)
    assert_loads(path, state)


def test_load_hooks_of_the_network_count(path):
    """mmpretrain's transformers resize position embeddings in a hook."""
    kwargs = dict(patch_size=8, arch=dict(
        embed_dims=8, num_layers=2, num_heads=2, feedforward_channels=8))
    state = VisionTransformer(img_size=32, **kwargs).state_dict()
    state['pos_embed'] = torch.full_like(state['pos_embed'], 2.)
    torch.save(prefixed(state, 'backbone.'), path)
    module = VisionTransformer(img_size=48, **kwargs)
    load_face_weights(module, str(path))
    torch.testing.assert_close(module.pos_embed.data,
                               torch.full((1, 1 + 6 * 6, 8), 2.))
