import pytest
import torch
from mmengine.runner import CheckpointLoader

from ipdfer_mm.utils import weight_files
from ipdfer_mm.utils.weight_files import (
    half,
    load_weights,
    save_weights,
    select_parts,
)

META = dict(dataset_meta=dict(classes=['anger', 'neutral']), epoch=3)


def test_round_trip(tmp_path):
    state = dict(a=torch.randn(3, 2).T, count=torch.tensor(7))
    save_weights(tmp_path / 'new/a.safetensors', state, META)
    loaded = load_weights(tmp_path / 'new/a.safetensors')
    assert set(loaded['state_dict']) == {'a', 'count'}
    assert torch.equal(loaded['state_dict']['a'], state['a'])
    assert loaded['state_dict']['count'] == 7
    assert loaded['meta'] == dict(
        dataset_meta=dict(classes=('anger', 'neutral')), epoch=3)
    assert [path.name
            for path in (tmp_path / 'new').iterdir()] == ['a.safetensors']


def test_half_is_read_as_float(tmp_path):
    state = dict(a=torch.randn(100), count=torch.tensor(7))
    save_weights(tmp_path / 'a.safetensors', half(state), {})
    loaded = load_weights(tmp_path / 'a.safetensors')['state_dict']
    assert loaded['a'].dtype == torch.float32
    # Half precision has 11 significant bits.
    torch.testing.assert_close(loaded['a'], state['a'], rtol=2**-11, atol=1e-7)
    assert loaded['count'].dtype == torch.int64


def test_too_large_for_half():
    with pytest.raises(ValueError, match='norm.weight'):
        half({'norm.weight': torch.tensor([70000.0])})


def test_part():
    state = {'backbone.a': 1, 'backbone.b': 2, 'head.a': 3}
    assert select_parts(state, ['backbone']) == dict(a=1, b=2)
    assert select_parts(state, []) is state
    assert select_parts(state, ['head', 'backbone']) == state
    with pytest.raises(ValueError, match=r"neck.*\['backbone', 'head'\]"):
        select_parts(state, ['neck'])


def test_bad_files(tmp_path):
    with pytest.raises(FileNotFoundError, match='absent.safetensors'):
        load_weights(tmp_path / 'absent.safetensors')
    path = tmp_path / 'cut.safetensors'
    path.write_bytes(b'\x10\0\0\0\0\0\0\0{"a":')
    with pytest.raises(RuntimeError, match='cut.safetensors.*cut off'):
        load_weights(path)


def test_packaged_weights_by_name(tmp_path, monkeypatch):
    monkeypatch.setattr(weight_files, 'FOLDER', tmp_path)
    save_weights(tmp_path / 'mine.safetensors', dict(a=torch.ones(2)), META)
    loaded = CheckpointLoader.load_checkpoint('ipdfer_mm://mine')
    assert torch.equal(loaded['state_dict']['a'], torch.ones(2))
    with pytest.raises(FileNotFoundError, match=r"\['mine'\].*yours"):
        CheckpointLoader.load_checkpoint('ipdfer_mm://yours')
