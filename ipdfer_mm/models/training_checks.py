"""What is refused before the first step of IPD-FER's training."""

from typing import TYPE_CHECKING, Optional

from mmengine.optim import OptimWrapperDict
from torch import Tensor

if TYPE_CHECKING:
    from .ipdfer import IPDFERModel


def check_trainable(model: 'IPDFERModel',
                    optim_wrapper: OptimWrapperDict) -> None:
    """Refuse what would train, but not by Algorithm 1.

    Args:
        model (IPDFERModel): The model.
        optim_wrapper (OptimWrapperDict): Its optimizers.

    Raises:
        RuntimeError: If the identity encoder has no weights, or the neutral
            class is unknown.
        ValueError: If the optimizers are not those of its steps.
    """
    keys = {'encoders'}
    if model.loss_disc is not None:
        keys.add('discriminator')
    is_dict = isinstance(optim_wrapper, OptimWrapperDict)
    if not is_dict or not keys.issubset(optim_wrapper.keys()):
        raise ValueError(
            'IPDFERModel is trained with an OptimWrapperDict of '
            f'{sorted(keys | {"generator"})}, one wrapper for each step '
            'of Algorithm 1; '
            'see optim_wrapper in configs/_base_/schedules/ipdfer.py.')
    has_generator = 'generator' in optim_wrapper.optim_wrappers
    if model.share_encoder_forward and has_generator:
        raise ValueError(
            '`share_encoder_forward` updates the encoders once for steps 1 '
            "and 3, which needs one optimizer: remove 'generator' from "
            "optim_wrapper and add 'decoder' to "
            'optim_wrapper.encoders.modules; see '
            'configs/ablations/ipdfer_rafdb_shared_forward.py.')
    _check_networks_train(model, optim_wrapper)
    if not model.identity_encoder.has_weights:
        raise RuntimeError(
            'The identity encoder has random weights, and it is never '
            'trained. Give it those of a face-recognition network: '
            "identity_encoder.init_cfg=dict(type='Pretrained', "
            "checkpoint='...').")
    if model.neutral_label is None:
        raise RuntimeError(
            'The model does not know which class is neutral. Add '
            "dict(type='ipdfer_mm.DatasetMetaHook') to custom_hooks, or "
            'give `classes` in the model config.')


def _check_networks_train(model: 'IPDFERModel',
                          optim_wrapper: OptimWrapperDict) -> None:
    """Refuse a network that gets gradients, but no update, from its step."""
    networks = dict(encoders=[
        'pose_encoder', 'pose_head', 'expression_encoder', 'expression_head',
        'pose_adversary'
    ])
    if model.loss_disc is not None:
        networks['discriminator'] = ['discriminator']
    decoder_key = ('generator' if 'generator' in optim_wrapper.optim_wrappers
                   else 'encoders')  # which then takes step 3, too
    networks.setdefault(decoder_key, []).append('decoder')
    for key, names in networks.items():
        updated = {
            id(parameter)
            for group in optim_wrapper[key].param_groups
            for parameter in group['params']
        }
        for name in names:
            network = getattr(model, name)
            # What somebody froze needs no optimizer.
            if network is not None and any(
                    parameter.requires_grad and id(parameter) not in updated
                    for parameter in network.parameters()):
                raise ValueError(
                    f'optim_wrapper.{key} does not train the {name}. Add '
                    f"'{name}' to optim_wrapper.{key}.modules, or freeze it; "
                    'see configs/_base_/schedules/ipdfer.py.')


def check_widths(feat_channels: int, **feats: Optional[Tensor]) -> None:
    """Refuse components that cannot be added up and decoded.

    Args:
        feat_channels (int): Width that the decoder takes.
        **feats (Tensor, optional): (N, D), by the name of the encoder.

    Raises:
        ValueError: If a feature has another width.
    """
    for name, feat in feats.items():
        if feat is not None and feat.shape[1] != feat_channels:
            raise ValueError(
                f'model.{name}_encoder gives features of width '
                f'{feat.shape[1]}, but model.decoder.in_channels is '
                f'{feat_channels}. The identity encoder sets the '
                'width: give the decoder and the heads its width as '
                'in_channels, and the other encoders the neck dict('
                "type='mmpretrain.LinearNeck', in_channels=..., "
                'out_channels=..., gap_dim=2, norm_cfg=None).')
