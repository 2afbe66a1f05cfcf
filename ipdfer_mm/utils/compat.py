"""What old OpenMMLab releases need on a current torch, numpy and Python.

MMEngine 0.10.7, mmpretrain 1.2.0 and mmagic 1.2.0 are the last releases of
their lines. Everything we do to make them work on today's stack is in this
one file, each with its reason, so that it can go when they move on.
"""

import os
import pickle

import numpy as np
import torch
import torch.distributed as torch_dist
from mmengine.runner import CheckpointLoader

UNTRUSTED_CHECKPOINT = (
    'The checkpoint {filename} holds pickled Python objects, not only tensors '
    'and plain values, and loading those can run any code ({reason}). '
    'Checkpoints written with the hook `PlainCheckpointHook` (all configs '
    'here) load as they are. If this file comes from somebody you trust, add '
    'the flag --trust-checkpoint.')


def restore_numpy_bool8() -> None:
    """Give numpy 2 the alias ``np.bool8`` back.

    mmagic 1.2.0 reads it once while it is imported
    (``mmagic/utils/trans_utils.py``) and imports on numpy 2 with nothing else
    changed. Called by ``import ipdfer_mm``.
    """
    if not hasattr(np, 'bool8'):
        np.bool8 = np.bool_


def set_checkpoint_trust(trust: bool) -> None:
    """Decide whether local checkpoints may hold pickled Python objects.

    MMEngine 0.10.7 calls ``torch.load`` without ``weights_only``: torch before
    2.6 then runs whatever a file holds, and newer versions refuse MMEngine's
    own files with a message that names neither the file nor a way out. This
    registers a loader for local paths that always states its choice.

    Args:
        trust (bool): Whether to unpickle arbitrary objects.
    """

    def load_from_local(filename: str, map_location=None):
        filename = os.path.expanduser(filename)
        if not os.path.isfile(filename):
            raise FileNotFoundError(
                f'The checkpoint {filename} does not exist. Check the path '
                'given on the command line, `load_from`, or `init_cfg` of '
                'the config.')
        try:
            return torch.load(
                filename, map_location=map_location, weights_only=not trust)
        except pickle.UnpicklingError as error:
            reason = str(error).splitlines()[0]
            raise RuntimeError(
                UNTRUSTED_CHECKPOINT.format(filename=filename,
                                            reason=reason)) from error

    CheckpointLoader.register_scheme(
        prefixes='', loader=load_from_local, force=True)


def init_dist_without_cuda(launcher: str) -> None:
    """Start a gloo process group where MMEngine's launcher needs CUDA.

    ``mmengine.dist.init_dist('pytorch')`` calls ``torch.cuda.set_device``.
    On a machine without CUDA the group is made here, before the Runner is
    built, and the Runner uses it as it finds it.

    Args:
        launcher (str): The launcher of the command line: 'none', 'pytorch',
            'slurm' or 'mpi'.
    """
    if launcher == 'pytorch' and not torch.cuda.is_available():
        torch_dist.init_process_group(backend='gloo')
