"""Face-recognition weights for any network, checked key by key."""

import logging
import os
from typing import Any

import torch
import torch.nn as nn
from mmengine.logging import print_log
from mmengine.model import PretrainedInit, update_init_info
from mmengine.runner import CheckpointLoader
from torch import Tensor

from ipdfer_mm.registry import WEIGHT_INITIALIZERS
from ipdfer_mm.utils.weight_files import load_weights

from .key_match import KeyMatch, match_keys

PREFIXES = ('', 'module.', 'backbone.', 'module.backbone.')
MISSING_FILE = (
    'There is no file {path}. Train one with '
    '`configs/pretrain/resnet18_arcface_casia.py`, or use a public ResNet-18 '
    'or IResNet face-recognition checkpoint (key names of torchvision or '
    'arcface_torch load as they are), or start with '
    '`configs/ipdfer_facenet_rafdb.py`, which downloads its identity network.')


def load_face_weights(module: nn.Module,
                      checkpoint: str,
                      prefix: str | None = None,
                      map_location: str | torch.device = 'cpu') -> None:
    """Load weights into a network, or raise an error and leave it as it was.

    Reads ``.safetensors``, ``.pth`` and ``.pt`` files (a bare state dict, or
    one below ``state_dict`` or ``model``) and every address that MMEngine's
    ``CheckpointLoader`` knows, such as ``https://``, ``torchvision://``,
    ``facenet://casia-webface`` and ``ipdfer_mm://<packaged weights>``. What
    fits and what does not is logged.

    MMEngine's own loader takes any file for any network and only warns; an
    identity network that stayed random is noticed late, if at all.

    Args:
        module (nn.Module): Network to load into.
        checkpoint (str): Path or address of the file.
        prefix (str, optional): What stands before the network's keys in the
            file. Defaults to None: of nothing, 'module.', 'backbone.' and
            'module.backbone.', what fits most keys.
        map_location (str or torch.device): Where to put the tensors of the
            file first. Defaults to 'cpu'.

    Raises:
        FileNotFoundError: If the path does not exist.
        ValueError: If the file holds no state dict, if fewer than 90 % of the
            network's parameters and buffers are in it with the same shape, or
            if over 10 % of its keys (not counting a classifier's) have no
            place in the network.
    """
    state = read_state_dict(checkpoint, map_location)
    where, below, match = _find_network(module, state, prefix)
    source = f'{checkpoint} below "{where}"' if where else checkpoint
    name = type(module).__name__
    if match.problem:
        raise ValueError(
            f'{source} does not fit {name}: {match.problem}.\n  {match}\n'
            f'  The file begins with: {", ".join(list(state)[:3])}\n'
            'Give the network the type, depth and widths that the file was '
            'trained with, or say with `prefix` what stands before its keys '
            'in the file.')
    complete = len(match.matched) == match.total and not match.unexpected
    print_log(
        f'Load {source} into {name}: {match}',
        logger='current',
        level=logging.INFO if complete else logging.WARNING)
    for key in (*match.misshaped, *match.unexpected):
        below.pop(key, None)
    module.load_state_dict(below, strict=False)


def _find_network(
        module: nn.Module, state: dict[str, Tensor], prefix: str | None
) -> tuple[str, dict[str, Tensor], KeyMatch]:
    """Find the prefix that fits most keys, and what is below it."""
    best = None
    for start in PREFIXES if prefix is None else (prefix, ):
        start = f'{start.rstrip(".")}.' if start else ''
        below = {key[len(start):]: value for key, value in state.items()
                 if key.startswith(start)}
        match = match_keys(module, below)
        if best is None or len(match.matched) > len(best[2].matched):
            best = start, below, match
    return best


def read_state_dict(
        checkpoint: str,
        map_location: str | torch.device = 'cpu') -> dict[str, Tensor]:
    """Read the tensors of a checkpoint.

    Args:
        checkpoint (str): As in :func:`load_face_weights`.
        map_location (str or torch.device): Where to put them. Defaults to
            'cpu'.

    Returns:
        dict[str, Tensor]: The state dict, keys as in the file.

    Raises:
        FileNotFoundError: If the path does not exist.
        ValueError: If the file holds no state dict.
    """
    path = os.path.expanduser(checkpoint)
    if '://' not in checkpoint and not os.path.isfile(path):
        raise FileNotFoundError(MISSING_FILE.format(path=path))
    if path.endswith('.safetensors') and os.path.isfile(path):
        return load_weights(path, map_location)['state_dict']
    # The loader for local files decides what may be unpickled.
    content = CheckpointLoader.load_checkpoint(checkpoint, map_location)
    state = content
    for key in ('state_dict', 'model'):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            state = content[key]
            break
    if isinstance(state, dict):
        tensors = {k: v for k, v in state.items() if isinstance(v, Tensor)}
        if tensors:
            return tensors
    held = list(content) if isinstance(content, dict) else type(content)
    raise ValueError(
        f'{checkpoint} holds no state dict, neither bare nor below '
        f'"state_dict" or "model", but {held}. Save it with '
        '`torch.save(network.state_dict(), path)`.')


def split_pretrained(
        init_cfg: dict | list[dict] | None
) -> tuple[list[dict], list[dict]]:
    """Part the entries of an ``init_cfg`` by whether they load a file.

    Args:
        init_cfg (dict or list[dict], optional): As in a config.

    Returns:
        tuple[list[dict], list[dict]]: The others, and those of type
        'Pretrained' under just this name, by which MMEngine knows that they
        come last.
    """
    cfgs = [init_cfg] if isinstance(init_cfg, dict) else init_cfg or []
    others = [cfg for cfg in cfgs if not _is_pretrained(cfg['type'])]
    pretrained = [{**cfg, 'type': 'Pretrained'}
                  for cfg in cfgs if _is_pretrained(cfg['type'])]
    return others, pretrained


@WEIGHT_INITIALIZERS.register_module(name='Pretrained')
class FacePretrainedInit(PretrainedInit):
    """``init_cfg=dict(type='Pretrained', checkpoint=...)``, checked.

    Under the default scope ``ipdfer_mm`` it stands in for MMEngine's
    initializer of this name, for modules of any package, and loads with
    :func:`load_face_weights`.

    Args:
        checkpoint (str): Path or address of the file.
        prefix (str, optional): What stands before the module's keys in the
            file; None finds out.
        map_location (str): Where to put the tensors of the file first.
            Defaults to 'cpu'.
    """

    def __call__(self, module: nn.Module) -> None:
        """Load the file into a module, or the part of it that it names."""
        load_face_weights(
            getattr(module, 'pretrained_part', module), self.checkpoint,
            self.prefix, self.map_location)
        if hasattr(module, '_params_init_info'):
            update_init_info(module, init_info=self._get_init_info())


def _is_pretrained(kind: Any) -> bool:
    if isinstance(kind, type):
        return issubclass(kind, PretrainedInit)
    return kind.rpartition('.')[2] == 'Pretrained'
