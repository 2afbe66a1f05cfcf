"""What old OpenMMLab releases need on a current torch, numpy and Python.

MMEngine 0.10.7, mmpretrain 1.2.0 and mmagic 1.2.0 are the last releases of
their lines. Everything we do to make them work on today's stack is in this
one file, each with its reason, so that it can go when they move on.
"""

import hashlib
import os
import re
import subprocess
from collections.abc import Callable
from typing import Any, TypeAlias
from urllib.error import URLError
from urllib.parse import urlparse

import torch
import torch.distributed as torch_dist
from mmengine.dist import barrier, get_rank
from mmengine.runner import CheckpointLoader

from .weight_files import load_weights

WEB = ('http://', 'https://')
MapLocation: TypeAlias = str | torch.device | Callable | None

UNTRUSTED_CHECKPOINT = (
    'The checkpoint {name} holds pickled Python objects ({found}), not only '
    'tensors and plain values, and loading those can run any code. '
    'Checkpoints written with the hook `PlainCheckpointHook` (all configs '
    'here) load as they are. If this file is from a source you trust, add '
    'the flag --trust-checkpoint.')
UNREADABLE_CHECKPOINT = (
    'The checkpoint {name} cannot be read: it is cut off, or no checkpoint '
    'of torch at all ({reason}). Copy or download it again, or use another.')


def set_checkpoint_trust(trust: bool) -> None:
    """Decide whether checkpoints may hold pickled Python objects.

    MMEngine 0.10.7 calls ``torch.load`` without ``weights_only``: torch before
    2.6 then runs whatever a file holds, newer versions refuse MMEngine's own
    files with a message that names neither the file nor a way out, and files
    from http addresses are run by all. This registers loaders for local paths
    and http addresses that always state their choice. Names such as
    ``torchvision://`` stand for files of the libraries' authors and are
    loaded as before.

    Args:
        trust (bool): Whether to unpickle arbitrary objects.
    """

    def load_from_file(filename: str, map_location: MapLocation = None) -> Any:
        return load_file(filename, map_location, trust)

    CheckpointLoader.register_scheme(('', *WEB), load_from_file, force=True)


def load_file(name: str,
              map_location: MapLocation = None,
              trust: bool = False) -> Any:
    """Load a checkpoint from a local path or an http address.

    Args:
        name (str): The path or address.
        map_location (str, torch.device or Callable, optional): As in
            ``torch.load``.
        trust (bool): Whether to unpickle arbitrary objects.

    Returns:
        Any: What the file holds.

    Raises:
        FileNotFoundError: If there is no such file.
        OSError: If it cannot be downloaded.
        RuntimeError: If it cannot be read, or only with trust.
    """
    if name.startswith(WEB):
        # One process downloads, the others find the file, or fail alike.
        try:
            if get_rank() == 0:
                download(name)
        finally:
            barrier()
        path = download(name)
    else:
        path = os.path.expanduser(name)
        if not os.path.isfile(path):
            raise FileNotFoundError(
                f'The checkpoint {path} does not exist. Check the path '
                'given on the command line, `load_from`, or `init_cfg` of '
                'the config.')
    return read_checkpoint(path, name, map_location, trust)


def download(url: str) -> str:
    """Download a file to torch's cache, unless it is there.

    Args:
        url (str): Its address.

    Returns:
        str: Its path.

    Raises:
        OSError: If it cannot be had; names the address.
    """
    # Many addresses end in epoch_30.pth.
    digest = hashlib.sha256(url.encode()).hexdigest()[:16]
    name = f'{digest}-{os.path.basename(urlparse(url).path)}'
    path = os.path.join(torch.hub.get_dir(), 'checkpoints', name)
    if not os.path.isfile(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        try:
            torch.hub.download_url_to_file(url, path, progress=False)
        except URLError as error:
            raise OSError(f'{url} cannot be downloaded: {error}') from error
    return path


def read_checkpoint(path: str, name: str, map_location: MapLocation,
                    trust: bool) -> Any:
    """Call ``torch.load`` and say what is wrong with a file.

    Args:
        path (str): The file.
        name (str): What the user calls it.
        map_location (str, torch.device or Callable, optional): As in
            ``torch.load``.
        trust (bool): Whether to unpickle arbitrary objects.

    Returns:
        Any: What the file holds.

    Raises:
        RuntimeError: If the file cannot be read, or only with trust.
    """
    if path.endswith('.safetensors'):
        return load_weights(path, map_location)
    try:
        return torch.load(
            path, map_location=map_location, weights_only=not trust)
    # A damaged pickle raises almost any exception.
    except Exception as error:
        if getattr(error, 'filename', None) is not None or isinstance(
                error, torch.cuda.OutOfMemoryError):
            raise  # not about the content
        found = re.search(r'GLOBAL (\S+)', str(error))
        if found:
            raise RuntimeError(
                UNTRUSTED_CHECKPOINT.format(name=name,
                                            found=found[1])) from error
        # Others may be about a device.
        if isinstance(error, RuntimeError) and (
                'PytorchStreamReader' not in str(error)):
            raise RuntimeError(f'The checkpoint {name}: {error}') from error
        raise RuntimeError(
            UNREADABLE_CHECKPOINT.format(
                name=name, reason=type(error).__name__)) from error


def init_dist_without_cuda(launcher: str) -> None:
    """Start a gloo process group where MMEngine's launchers need CUDA.

    ``mmengine.dist.init_dist`` calls ``torch.cuda.set_device``. On a machine
    without CUDA the group is made here, before the Runner is built, and the
    Runner uses it as it finds it.

    Args:
        launcher (str): The launcher of the command line: 'none', 'pytorch',
            'slurm' or 'mpi'.
    """
    if launcher not in ('pytorch', 'slurm') or torch.cuda.is_available():
        return
    if launcher == 'slurm':
        # The variables that MMEngine sets there.
        os.environ.update(
            RANK=os.environ['SLURM_PROCID'],
            WORLD_SIZE=os.environ['SLURM_NTASKS'],
            LOCAL_RANK=os.environ['SLURM_LOCALID'])
        os.environ.setdefault('MASTER_PORT', '29500')
        if 'MASTER_ADDR' not in os.environ:
            nodes = subprocess.run(
                ['scontrol', 'show', 'hostnames',
                 os.environ['SLURM_NODELIST']],
                check=True, capture_output=True, text=True).stdout
            os.environ['MASTER_ADDR'] = nodes.split()[0]
    torch_dist.init_process_group(backend='gloo')


def leave_process_group() -> None:
    """End distributed work; to be called last, when all went well.

    MMEngine leaves it to the interpreter's exit. With gloo a process that
    exits right after its last collective is then aborted now and then, when
    a thread of torch still holds that collective's tensors, and the launcher
    takes a run that is done for a failed one and kills the rest of it
    (pytorch#179291). The barrier holds no tensors of Python's, and lets
    none go before the first process has saved its files.
    """
    if torch_dist.is_initialized():
        torch_dist.barrier()
        torch_dist.destroy_process_group()
