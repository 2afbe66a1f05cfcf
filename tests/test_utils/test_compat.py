"""What may be loaded, and what is said when it is not."""

import http.server
import io
import threading
from collections import OrderedDict
from functools import partial

import pytest
import torch
from helpers.damage import Payload
from helpers.small_model import model_cfg
from mmengine.config import Config
from mmengine.logging import HistoryBuffer
from mmengine.runner import CheckpointLoader

from ipdfer_mm.apis import get_model
from ipdfer_mm.utils.compat import leave_process_group, set_checkpoint_trust

STATE = OrderedDict(weight=torch.arange(300.))


@pytest.fixture(autouse=True)
def restore_loaders():
    schemes = CheckpointLoader._schemes.copy()
    yield
    CheckpointLoader._schemes = schemes


def saved(value, **kwargs) -> bytes:
    file = io.BytesIO()
    torch.save(value, file, **kwargs)
    return file.getvalue()


@pytest.fixture
def load(tmp_path):
    """Write a file and load it as MMEngine does."""

    def call(content: bytes, trust: bool = False, **kwargs):
        (tmp_path / 'x.pth').write_bytes(content)
        set_checkpoint_trust(trust)
        return CheckpointLoader.load_checkpoint(
            str(tmp_path / 'x.pth'), **kwargs)

    return call


@pytest.mark.parametrize('trust', [False, True])
@pytest.mark.parametrize('zipped', [False, True])
def test_plain_checkpoint(load, trust, zipped):
    content = saved(
        dict(state_dict=STATE, meta=dict(epoch=3, classes=('a', 'b'))),
        _use_new_zipfile_serialization=zipped)
    loaded = load(content, trust)
    assert torch.equal(loaded['state_dict']['weight'], STATE['weight'])
    assert loaded['meta'] == dict(epoch=3, classes=('a', 'b'))


@pytest.mark.parametrize('zipped', [False, True])
def test_code_is_not_run(load, tmp_path, zipped):
    proof = tmp_path / 'code_was_run'
    content = saved(dict(STATE, extra=Payload(proof)),
                    _use_new_zipfile_serialization=zipped)
    with pytest.raises(RuntimeError, match=(
            f'The checkpoint {tmp_path}/x.pth holds pickled.*io.open.*'
            '--trust-checkpoint')):
        load(content)
    assert not proof.exists()
    load(content, trust=True)
    assert proof.exists()


def test_other_objects_need_trust(load):
    """MMEngine's own files."""
    content = saved(dict(log=HistoryBuffer([1.0], [1])))
    with pytest.raises(RuntimeError, match='HistoryBuffer.*trust-checkpoint'):
        load(content)
    assert load(content, trust=True)['log'].current() == 1


@pytest.mark.parametrize('trust', [False, True])
@pytest.mark.parametrize('content', [
    b'',
    saved(STATE)[:1000],
    b'version https://git-lfs.github.com/spec/v1\noid sha256:0',
    b'<!DOCTYPE html>\n<title>Not found</title>',
])
def test_no_checkpoint(load, tmp_path, content, trust):
    with pytest.raises(RuntimeError, match='x.pth cannot be read') as info:
        load(content, trust)
    assert 'trust' not in str(info.value)  # which would not help


def test_other_errors_are_torchs(load, monkeypatch):

    def fail(*args, **kwargs):
        raise RuntimeError('no such device')

    monkeypatch.setattr(torch, 'load', fail)
    with pytest.raises(RuntimeError, match='/x.pth: no such device$'):
        load(saved(STATE))


def test_home(load, tmp_path, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path))
    load(saved(STATE))
    assert 'weight' in CheckpointLoader.load_checkpoint('~/x.pth')


@pytest.fixture
def address(tmp_path, monkeypatch):
    """A web server for a folder, and an empty cache."""
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'cache'))
    (tmp_path / 'web').mkdir()
    handler = partial(
        http.server.SimpleHTTPRequestHandler, directory=tmp_path / 'web')
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f'http://127.0.0.1:{server.server_port}'
        server.shutdown()
        thread.join()


def test_missing_file(tmp_path):
    set_checkpoint_trust(False)
    with pytest.raises(FileNotFoundError, match='/absent.pth does not exist'):
        CheckpointLoader.load_checkpoint(str(tmp_path / 'absent.pth'))


def test_download(address, tmp_path):
    (tmp_path / 'web/plain.pth').write_bytes(saved(STATE))
    set_checkpoint_trust(False)
    for _ in range(2):
        loaded = CheckpointLoader.load_checkpoint(f'{address}/plain.pth')
        assert torch.equal(loaded['weight'], STATE['weight'])
        # The second time it comes from the cache.
        (tmp_path / 'web/plain.pth').unlink(missing_ok=True)


def test_download_is_not_run(address, tmp_path):
    """Nor by those that ask no CheckpointLoader."""
    proof = tmp_path / 'code_was_run'
    url = f'{address}/evil.pth'
    (tmp_path / 'web/evil.pth').write_bytes(saved(dict(extra=Payload(proof))))
    set_checkpoint_trust(False)
    cfg = Config(dict(model=model_cfg()))
    for load in (CheckpointLoader.load_checkpoint, partial(get_model, cfg)):
        with pytest.raises(RuntimeError, match=f'{url} holds pickled'):
            load(url)
        assert not proof.exists()
    set_checkpoint_trust(True)
    CheckpointLoader.load_checkpoint(url)
    assert proof.exists()


def test_leave_process_group(tmp_path):
    torch.distributed.init_process_group(
        'gloo', init_method=f'file://{tmp_path}/store', rank=0, world_size=1)
    leave_process_group()
    assert not torch.distributed.is_initialized()
    leave_process_group()  # one process has none


def test_addresses_that_end_alike(address, tmp_path):
    """Most end in the name of an epoch."""
    set_checkpoint_trust(False)
    for name in ('one', 'other'):
        (tmp_path / 'web' / name).mkdir()
        (tmp_path / f'web/{name}/epoch_30.pth').write_bytes(
            saved(dict(name=name)))
    for name in ('one', 'other', 'one'):
        assert CheckpointLoader.load_checkpoint(
            f'{address}/{name}/epoch_30.pth') == dict(name=name)
    with pytest.raises(OSError, match=f'{address}/absent.pth cannot be dow'):
        CheckpointLoader.load_checkpoint(f'{address}/absent.pth')
