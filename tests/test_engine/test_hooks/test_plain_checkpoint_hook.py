"""Checkpoints of nothing but tensors and plain values."""

import io
from collections import Counter, OrderedDict

import numpy as np
import pytest
import torch
from helpers.tiny_run import assert_equal
from mmengine.config import ConfigDict
from mmengine.logging import HistoryBuffer, MessageHub
from mmengine.optim import OneCycleLR

from ipdfer_mm.engine import PlainCheckpointHook


def save_and_load(checkpoint: dict) -> dict:
    """Through the hook and a file that may hold plain values only."""
    hook = PlainCheckpointHook()
    hook.before_save_checkpoint(None, checkpoint)
    file = io.BytesIO()
    torch.save(checkpoint, file)
    file.seek(0)
    loaded = torch.load(file, weights_only=True)
    hook.after_load_checkpoint(None, loaded)
    return loaded


@pytest.mark.parametrize('value, expected', [
    (np.float64(0.1), 0.1),
    (np.float32(0.1), float(np.float32(0.1))),
    (np.int64(2**40), 2**40),
    (np.bool_(True), True),
    (np.str_('neutral'), 'neutral'),
    (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
    (np.array(['a', 'b']), ['a', 'b']),
    (('anger', 'fear'), ('anger', 'fear')),
    ((1, (np.int32(2), [np.int32(3)])), (1, (2, [3]))),
    (dict(a=dict(b=np.float64(3))), dict(a=dict(b=3.0))),
    ({np.int64(3): 1}, {3: 1}),
    (ConfigDict(a=[ConfigDict(b=1)]), dict(a=[dict(b=1)])),
    (Counter([10, 20, 20]), {10: 1, 20: 2}),
    (None, None),
    (torch.tensor([.1]).double(), torch.tensor([.1]).double()),
    (True, True),
])
def test_values(value, expected):
    loaded = save_and_load(dict(meta=dict(value=value)))['meta']['value']
    assert_equal(loaded, expected)


def test_what_was_there_is_left_alone():
    """Training goes on with what it had."""
    state = torch.nn.Linear(2, 2).state_dict()
    meta = dict(score=np.float64(1), nested=dict(a=np.arange(2)))
    checkpoint = dict(
        state_dict=state, ema_state_dict=OrderedDict(state), meta=meta)
    checkpoint['ema_state_dict']._metadata = dict(version=2)
    PlainCheckpointHook().before_save_checkpoint(None, checkpoint)
    assert checkpoint['state_dict'] is state
    assert checkpoint['ema_state_dict']._metadata == dict(version=2)
    assert isinstance(meta['score'], np.float64)
    assert isinstance(meta['nested']['a'], np.ndarray)


def test_message_hub():
    hub = MessageHub.get_instance('plain_checkpoint_hook_test')
    for value in (0.1, 1 / 3, float('nan')):
        hub.update_scalar('train/loss', value, count=2)
    hub.update_info('best_score', np.float32(42.5))
    hub.update_info('best_ckpt', 'best.pth')
    state = save_and_load(dict(message_hub=hub.state_dict()))['message_hub']
    again = MessageHub.get_instance('plain_checkpoint_hook_test_2')
    again.load_state_dict(state)
    assert again.get_info('best_score') == 42.5
    assert again.get_info('best_ckpt') == 'best.pth'
    for ours, theirs in zip(
            again.get_scalar('train/loss').data,
            hub.get_scalar('train/loss').data):
        np.testing.assert_array_equal(ours, theirs)
    # It goes on where it was.
    again.update_scalar('train/loss', 2.0)
    assert again.get_scalar('train/loss').current() == 2.0
    assert len(again.get_scalar('train/loss').data[0]) == 4


@pytest.mark.parametrize('value', [
    HistoryBuffer(),
    HistoryBuffer([1.5], [1]),
    HistoryBuffer([1.0, 2.0], [1, 3], max_length=2),
])
def test_history_buffer(value):
    nested = dict(x=[dict(a=value), (1, value)])
    loaded = save_and_load(dict(message_hub=nested))['message_hub']['x']
    assert type(loaded[1]) is tuple
    for buffer in (loaded[0]['a'], loaded[1][1]):
        assert isinstance(buffer, HistoryBuffer)
        assert buffer.max_length == value.max_length
        for ours, theirs in zip(buffer.data, value.data):
            np.testing.assert_array_equal(ours, theirs)


def test_one_cycle_scheduler():
    """It keeps a function in its state."""

    def build():
        optimizer = torch.optim.Adam([torch.zeros(1, requires_grad=True)])
        return OneCycleLR(optimizer, eta_max=1.0, total_steps=20)

    old, new = build(), build()
    for _ in range(7):
        old.step()
    state = dict(param_schedulers=dict(encoders=[old.state_dict()]))
    loaded = save_and_load(state)['param_schedulers']['encoders'][0]
    new.load_state_dict(loaded)
    new.optimizer.load_state_dict(old.optimizer.state_dict())
    for _ in range(10):
        old.step()
        new.step()
        assert old.get_last_value() == new.get_last_value()


def test_other_checkpoints_load():
    """Those of others hold no message hub, or a plain one."""
    hook = PlainCheckpointHook()
    hook.after_load_checkpoint(None, dict(state_dict={}))
    buffer = HistoryBuffer([1.0], [1])
    checkpoint = dict(message_hub=dict(log_scalars=dict(loss=buffer)))
    hook.after_load_checkpoint(None, checkpoint)
    assert checkpoint['message_hub']['log_scalars']['loss'] is buffer
