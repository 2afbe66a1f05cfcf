"""Weights as safetensors: small, and nothing in them can run code."""

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from mmengine.runner import CheckpointLoader
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from .atomic import write_atomically

SCHEME = 'ipdfer_mm://'
# What comes with the package; its README says how each file was made.
FOLDER = Path(__file__).resolve().parents[1] / 'weights'


def save_weights(path: str | Path, state: dict[str, Tensor],
                 meta: dict) -> None:
    """Write a state dict and what is to be known about it.

    The file is whole or not there.

    Args:
        path (str or Path): File to write, ``.safetensors``.
        state (dict[str, Tensor]): Tensors by name.
        meta (dict): What JSON can hold.

    Raises:
        OSError: If the file cannot be written.
    """
    # Cloned: the format has no tensors that share memory.
    content = save(
        {key: value.clone(memory_format=torch.contiguous_format)
         for key, value in state.items()},
        metadata=dict(meta=json.dumps(meta)))
    write_atomically(Path(path), content, 'the weights were not written')


def checkpoint_state(name: str, checkpoint: object) -> dict[str, Tensor]:
    """Take the state dict out of a checkpoint.

    Args:
        name (str): What the user calls it.
        checkpoint (object): What its file holds.

    Returns:
        dict[str, Tensor]: Tensors by name.

    Raises:
        ValueError: If it holds none, or anything else besides.
    """
    state = checkpoint
    if isinstance(checkpoint, dict):
        state = checkpoint.get('state_dict', checkpoint)
    if not isinstance(state, dict) or not all(
            isinstance(key, str) and isinstance(value, Tensor)
            for key, value in state.items()):
        raise ValueError(f'{name} holds no state dict: no tensors by name.')
    return state


def load_weights(
        path: str | Path,
        map_location: str | torch.device | None = None) -> dict:
    """Read a file of :func:`save_weights`, or any other safetensors file.

    Args:
        path (str or Path): The file.
        map_location (str or torch.device, optional): Where to put the
            tensors. Defaults to the CPU.

    Returns:
        dict: ``state_dict`` and ``meta``, as in MMEngine's checkpoints. Half
        precision becomes float32.

    Raises:
        FileNotFoundError: If the file does not exist.
        RuntimeError: If it is no safetensors file.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f'There is no file {path}.')
    state = {}
    try:
        with safe_open(
                str(path), framework='pt',
                device=str(map_location or 'cpu')) as file:
            meta = _parse_meta((file.metadata() or {}).get('meta', '{}'))
            for key in file.keys():  # noqa: SIM118
                value = file.get_tensor(key)
                state[key] = (
                    value.float() if value.dtype == torch.half else value)
    except (SafetensorError, ValueError) as error:
        raise RuntimeError(f'{path} is no safetensors file, or is cut off '
                           f'({error}).') from error
    dataset_meta = meta.get('dataset_meta', {})
    for key in ('classes', 'pose_edges'):
        if key in dataset_meta:  # JSON has no tuples
            dataset_meta[key] = tuple(dataset_meta[key])
    return dict(state_dict=state, meta=meta)


def _parse_meta(text: str) -> dict:
    meta = json.loads(text)
    if not isinstance(meta, dict) or not isinstance(
            meta.get('dataset_meta', {}), dict):
        raise ValueError('its meta data are not those of a checkpoint')
    return meta


@CheckpointLoader.register_scheme(prefixes=SCHEME)
def load_from_package(
        filename: str,
        map_location: str | torch.device | None = None) -> dict:
    """Load weights that come with the package: ``ipdfer_mm://<name>``.

    MMEngine's ``CheckpointLoader`` calls it for such names.

    Args:
        filename (str): ``ipdfer_mm://`` and the name of a file in
            ``ipdfer_mm/weights`` without its ending.
        map_location (str or torch.device, optional): Where to put the
            tensors.

    Returns:
        dict: As :func:`load_weights`.

    Raises:
        FileNotFoundError: If there is no such file; names those there are.
    """
    name = filename[len(SCHEME):]
    names = sorted(path.stem for path in FOLDER.glob('*.safetensors'))
    if name not in names:
        raise FileNotFoundError(f'{filename}: the package comes with the '
                                f'weights {names}, not "{name}".')
    return load_weights(FOLDER / f'{name}.safetensors', map_location)


def published_meta(meta: dict) -> dict:
    """What is to be known about weights that no training resumes from.

    Args:
        meta (dict): ``meta`` of a checkpoint.

    Returns:
        dict: Classes, normalization, epoch, temperature, balance and
        reliability, where it has them.
    """
    kept = ('dataset_meta', 'ipdfer_mm', 'epoch', 'temperature',
            'balance', 'reliability')
    return {key: meta[key] for key in kept if key in meta}


def half(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Round float32 to half precision, which halves the file.

    Args:
        state (dict[str, Tensor]): Tensors by name.

    Returns:
        dict[str, Tensor]: The same names; other types are kept.

    Raises:
        ValueError: If a value is too large for half precision.
    """
    rounded = {key: value.half() if value.dtype == torch.float32 else value
               for key, value in state.items()}
    for key, value in rounded.items():
        if not value.isfinite().all():
            raise ValueError(f'{key} does not fit half precision.')
    return rounded


def select_parts(state: dict[str, Tensor],
                 parts: Sequence[str]) -> dict[str, Tensor]:
    """Take the tensors of some child modules.

    Args:
        state (dict[str, Tensor]): State dict of a model.
        parts (Sequence[str]): Names of the children, such as
            ``['backbone']``. None of them takes all.

    Returns:
        dict[str, Tensor]: The state dict of the child, or, of several, their
        part of the model's, names as there.

    Raises:
        ValueError: If the model lacks one.
    """
    if not parts:
        return state
    found = {}
    for part in parts:
        start = f'{part}.'
        below = {key: value for key, value in state.items()
                 if key.startswith(start)}
        if not below:
            children = sorted({key.partition('.')[0] for key in state})
            raise ValueError(f'The checkpoint has no part "{part}", but '
                             f'{children}.')
        found.update(below)
    if len(parts) == 1:
        found = {key[len(start):]: value for key, value in found.items()}
    return found
