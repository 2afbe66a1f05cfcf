"""Checkpoints of nothing but tensors and plain values."""

from collections import OrderedDict
from typing import Any

import numpy as np
from mmengine.hooks import Hook
from mmengine.logging import HistoryBuffer
from mmengine.runner import Runner

from ipdfer_mm.registry import HOOKS

# Marks a dict that stands for a HistoryBuffer.
HISTORY_BUFFER = 'mmengine.HistoryBuffer'


def to_plain(value: Any) -> Any:
    """Turn a value into tensors, numbers, strings and containers of them.

    Args:
        value (Any): Anything MMEngine puts into a checkpoint.

    Returns:
        Any: An equal value that ``torch.load(weights_only=True)`` accepts.
    """
    if isinstance(value, HistoryBuffer):
        log, count = value.data
        return {HISTORY_BUFFER: [
            log.tolist(), count.tolist(), value.max_length]}
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, OrderedDict):
        # In place of a copy: a state dict carries `_metadata` on itself.
        for key, item in value.items():
            value[key] = to_plain(item)
        return value
    if isinstance(value, dict):
        return {to_plain(k): to_plain(item) for k, item in value.items()}
    if isinstance(value, list):
        return [to_plain(item) for item in value]
    if isinstance(value, tuple):
        return tuple(to_plain(item) for item in value)
    return value


def drop_functions(state: Any) -> Any:
    """Leave functions out of the state of parameter schedulers.

    ``OneCycleLR`` keeps one there; a scheduler that is built anew has it.

    Args:
        state (Any): States in dicts and lists.

    Returns:
        Any: The same without functions.
    """
    if isinstance(state, dict):
        return {key: drop_functions(item) for key, item in state.items()
                if not callable(item)}
    if isinstance(state, list):
        return [drop_functions(item) for item in state]
    return state


def restore_history_buffers(value: Any) -> Any:
    """Turn what :func:`to_plain` made of HistoryBuffers into them again.

    Args:
        value (Any): A value of a loaded checkpoint.

    Returns:
        Any: The value that was saved.
    """
    if isinstance(value, dict):
        if set(value) == {HISTORY_BUFFER}:
            log, count, max_length = value[HISTORY_BUFFER]
            return HistoryBuffer(log, count, max_length)
        for key, item in value.items():
            value[key] = restore_history_buffers(item)
    if isinstance(value, (list, tuple)):
        return type(value)(restore_history_buffers(item) for item in value)
    return value


@HOOKS.register_module()
class PlainCheckpointHook(Hook):
    """Write checkpoints that load with ``torch.load(weights_only=True)``.

    MMEngine 0.10.7 stores its log buffers and numpy values as pickled
    objects, which torch refuses since 2.6, and which would let a checkpoint
    run code. This writes plain values instead, and makes the buffers of them
    again when a checkpoint is loaded.
    """

    priority = 'LOWEST'  # after hooks that add to the checkpoint

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Make the checkpoint plain.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): What is about to be saved, changed in place.
        """
        if 'param_schedulers' in checkpoint:
            checkpoint['param_schedulers'] = drop_functions(
                checkpoint['param_schedulers'])
        for key in checkpoint:
            if key != 'state_dict':
                checkpoint[key] = to_plain(checkpoint[key])

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Make MMEngine's log buffers again.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): What was loaded, changed in place.
        """
        if 'message_hub' in checkpoint:
            checkpoint['message_hub'] = restore_history_buffers(
                checkpoint['message_hub'])
