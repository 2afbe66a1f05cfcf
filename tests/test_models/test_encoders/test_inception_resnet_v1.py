from contextlib import nullcontext
from urllib.error import URLError

import pytest
import torch
import torch.nn.functional as F
from facenet_pytorch import InceptionResnetV1 as FacenetPytorch
from facenet_pytorch.models import inception_resnet_v1 as facenet
from mmengine.runner import CheckpointLoader

from ipdfer_mm.models.encoders import (
    InceptionResnetV1,
    inception_resnet_v1,
    load_face_weights,
)
from ipdfer_mm.models.encoders.inception_resnet_v1 import FILES


@pytest.fixture(scope='module')
def theirs():
    """facenet-pytorch's network with weights with which mistakes show."""
    torch.manual_seed(0)
    network = FacenetPytorch(pretrained=None).eval()
    for name, value in network.state_dict().items():
        if name.endswith('running_mean') or name.endswith('bn.bias'):
            value.normal_(0, 0.1)
        elif name.endswith('running_var') or name.endswith('bn.weight'):
            value.uniform_(0.5, 1.5)
    return network


@pytest.fixture
def place(monkeypatch, tmp_path):
    """Where facenet-pytorch looks for its files."""
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    (tmp_path / 'checkpoints').mkdir()
    return tmp_path / 'checkpoints'


def load(name):
    return CheckpointLoader.load_checkpoint(f'facenet://{name}')


def test_keys_are_those_of_facenet_pytorch(theirs):
    state = InceptionResnetV1().state_dict()
    assert list(state) == list(theirs.state_dict())
    assert not any(name.startswith('logits') for name in state)


@pytest.mark.parametrize('size', [112, 160])
def test_it_is_their_network_before_the_normalization(theirs, size):
    ours = InceptionResnetV1().eval()
    ours.load_state_dict(theirs.state_dict(), strict=True)
    x = torch.rand(2, 3, size, size) * 2 - 1
    with torch.no_grad():
        out = ours(x)
        expected = theirs(x)
    assert isinstance(out, tuple) and out[-1].shape == (2, 512)
    torch.testing.assert_close(F.normalize(out[-1]), expected)
    assert (out[-1].norm(dim=1) - 1).abs().min() > 0.1


def test_construction_loads_nothing(monkeypatch):
    monkeypatch.setattr(facenet, 'load_weights', lambda *_: pytest.fail())
    InceptionResnetV1()


@pytest.mark.parametrize('name', ['casia-webface', 'vggface2'])
def test_scheme_gives_what_facenet_pytorch_downloads(monkeypatch, theirs,
                                                     name):
    """The download is faked; the weights go the way of the real ones."""
    state = {**theirs.state_dict(), 'logits.weight': torch.zeros(9, 512)}
    asked = []

    def load_weights(network, name):
        asked.append(name)
        network.load_state_dict(state)

    monkeypatch.setattr(facenet, 'load_weights', load_weights)
    found = load(name)
    assert asked == [name]
    assert found is state

    ours = InceptionResnetV1()
    load_face_weights(ours, f'facenet://{name}')
    for key, value in ours.state_dict().items():
        assert torch.equal(value, state[key])


@pytest.mark.parametrize('name', FILES)
def test_file_in_the_cache_is_used(place, theirs, name):
    """facenet-pytorch's own code finds a file put where our error says."""
    torch.save(theirs.state_dict(), place / FILES[name])
    assert torch.equal(load(name)['last_linear.weight'],
                       theirs.last_linear.weight)


def test_failed_download_names_file_and_place(monkeypatch, place):

    def fail(url, path):
        raise URLError('no route to host')

    monkeypatch.setattr(facenet, 'download_url_to_file', fail)
    with pytest.raises(RuntimeError, match='no route to host') as info:
        load('casia-webface')
    assert str(place / FILES['casia-webface']) in str(info.value)
    assert isinstance(info.value.__cause__, URLError)


def test_damaged_file_is_named(place):
    path = place / FILES['casia-webface']
    path.write_bytes(b'PK\x03\x04 half a file')
    with pytest.raises(RuntimeError, match='delete it') as info:
        load('casia-webface')
    assert str(path) in str(info.value)


def test_unknown_name():
    with pytest.raises(ValueError, match="'vggface2'.*not \"ms1m\""):
        load('ms1m')


@pytest.mark.parametrize('rank, error, order', [
    (0, None, ['download', 'barrier']),
    (0, OSError('disk full'), ['download', 'barrier']),
    (1, None, ['barrier', 'download']),
])
def test_first_process_downloads(monkeypatch, rank, error, order):
    """Others wait for it, and are let go also when it fails."""
    events = []

    def load_weights(network, name):
        events.append('download')
        if error:
            raise error
        network.load_state_dict({})

    monkeypatch.setattr(facenet, 'load_weights', load_weights)
    monkeypatch.setattr(inception_resnet_v1, 'get_rank', lambda: rank)
    monkeypatch.setattr(inception_resnet_v1, 'barrier',
                        lambda: events.append('barrier'))
    with (pytest.raises(RuntimeError, match='disk full') if error
          else nullcontext()):
        load('vggface2')
    assert events == order
