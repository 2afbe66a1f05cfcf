"""The network and the weights of facenet-pytorch."""

import os
import pickle
from http.client import HTTPException

import torch.nn as nn
from facenet_pytorch.models import inception_resnet_v1 as facenet
from mmengine.dist import barrier, get_rank
from mmengine.model import BaseModule
from mmengine.runner import CheckpointLoader
from torch import Tensor

from ipdfer_mm.registry import MODELS

SCHEME = 'facenet://'
# What facenet-pytorch 2.5 calls the files it downloads.
FILES = {
    'casia-webface': '20180408-102900-casia-webface.pt',
    'vggface2': '20180402-114759-vggface2.pt',
}


@MODELS.register_module()
class InceptionResnetV1(BaseModule, facenet.InceptionResnetV1):
    """facenet-pytorch's network, its feature before the L2 normalization.

    The network is that of https://github.com/timesler/facenet-pytorch,
    without its classifier; the keys of its state dict are the same. Its
    images are standardized with mean 127.5 and standard deviation 128 and
    measure 160x160 pixels: ``std=(128, ) * 3, input_size=160`` in an
    :class:`IdentityEncoder`. Smaller images work, down to about 80x80.

    Weights are never loaded at construction. The checkpoints
    ``facenet://casia-webface`` and ``facenet://vggface2`` stand for the files
    that facenet-pytorch downloads.

    Args:
        init_cfg (dict, optional): See :class:`mmengine.model.BaseModule`.
    """

    def __init__(self, init_cfg: dict | None = None) -> None:
        # `BaseModule` goes on to the constructor of facenet-pytorch, whose
        # defaults build the network and load nothing.
        super().__init__(init_cfg=init_cfg)
        # With `classify` facenet-pytorch puts the plain feature into `logits`
        # instead of normalizing it; an identity has no keys.
        self.classify = True
        self.logits = nn.Identity()

    def forward(self, x: Tensor) -> tuple[Tensor]:
        """Embed faces.

        Args:
            x (Tensor): Faces, (N, 3, H, W), RGB, (pixel - 127.5) / 128.

        Returns:
            tuple[Tensor]: The features, (N, 512), not normalized.
        """
        return (super().forward(x), )


class _StateDictReceiver:
    """What facenet-pytorch loads weights into when we want the state dict."""

    def load_state_dict(self, state_dict: dict[str, Tensor]) -> None:
        self.state_dict = state_dict


def download_state_dict(name: str) -> dict[str, Tensor]:
    """Get weights as facenet-pytorch does: from its cache or its release.

    Args:
        name (str): 'casia-webface' or 'vggface2'.

    Returns:
        dict[str, Tensor]: The state dict, with the classifier ``logits``.

    Raises:
        RuntimeError: If the file cannot be downloaded or read.
    """
    receiver = _StateDictReceiver()
    try:
        facenet.load_weights(receiver, name)
    except (OSError, HTTPException, RuntimeError, EOFError,
            pickle.UnpicklingError) as error:
        path = os.path.join(facenet.get_torch_home(), 'checkpoints',
                            FILES[name])
        raise RuntimeError(
            f'facenet-pytorch could not download or read the weights "{name}" '
            f'({error!r}). On a machine without network, put the file '
            f'{FILES[name]} of the releases of '
            'https://github.com/timesler/facenet-pytorch at '
            f'{path}. If there is a file already, a download broke off: '
            'delete it.') from error
    return receiver.state_dict


@CheckpointLoader.register_scheme(prefixes=SCHEME)
def load_from_facenet(
        filename: str,
        map_location: str | None = None) -> dict[str, Tensor]:
    """Load ``facenet://casia-webface`` or ``facenet://vggface2``.

    MMEngine's ``CheckpointLoader`` calls it for these names. In distributed
    training the first process downloads and the others wait.

    Args:
        filename (str): ``facenet://`` and a name.
        map_location (str, optional): Not needed: the files hold CPU tensors.

    Returns:
        dict[str, Tensor]: The state dict.

    Raises:
        ValueError: If facenet-pytorch has no weights of this name.
        RuntimeError: If the file cannot be downloaded or read.
    """
    name = filename[len(SCHEME):]
    if name not in FILES:
        raise ValueError(f'facenet-pytorch has the weights {sorted(FILES)}, '
                         f'not "{name}".')
    if get_rank() > 0:
        barrier()
        return download_state_dict(name)
    try:
        return download_state_dict(name)
    finally:  # also when it fails, or the others would wait for ever
        barrier()
