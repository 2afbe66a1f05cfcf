"""How hard each loss of Algorithm 1 pulls on each network."""

import torch
from torch import Tensor, nn

from ipdfer_mm.models.ipdfer import IPDFERModel
from ipdfer_mm.models.utils import frozen

MODULES = ('pose_encoder', 'expression_encoder', 'decoder')


def gradient_norms(model: IPDFERModel,
                   data: dict) -> dict[str, dict[str, dict[str, float]]]:
    """Norms of the gradients that the weighted losses of a batch give.

    Adam divides out the scale of a sum, so what counts in a step is the
    shares of its losses. Nothing is updated but batch-norm statistics, which
    move as in training.

    Args:
        model (IPDFERModel): A model that can be trained, in train mode.
        data (dict): A collated batch, as ``train_step`` gets it.

    Returns:
        dict: ``norms[step][loss][module]``: the L2 norm over all parameters
        of a module (0 if the loss does not reach it), for the losses of steps
        'encoders' and 'generator' by their names in the config.
    """
    images, targets = model.preprocess(data)
    with torch.no_grad():
        f_id = model.identity_encoder(images)
    norms = dict(
        encoders=_norms_of(model, model.encoder_losses(images, f_id, targets)))
    with frozen(*model.frozen_in_generator_step):
        norms['generator'] = _norms_of(
            model, model.generator_losses(images, f_id, targets))
    return norms


def feature_norms(model: IPDFERModel, data: dict) -> dict[str, float]:
    """Mean L2 norms of the features that the decoder gets the sums of.

    Args:
        model (IPDFERModel): The model.
        data (dict): A collated batch, as ``train_step`` gets it.

    Returns:
        dict[str, float]: By 'identity', 'pose' and 'expression', as far as
        the model has them.
    """
    inputs = model.data_preprocessor(data, True)['inputs']
    with torch.no_grad():
        feats = model.extract_feats(inputs)
    return {name: feat.norm(dim=1).mean().item()
            for name, feat in feats.items()}


def _norms_of(model: IPDFERModel,
              losses: dict[str, Tensor]) -> dict[str, dict[str, float]]:
    parts = {name: getattr(model, name) for name in MODULES
             if getattr(model, name) is not None}
    return {name: {part: _norm(loss, module) for part, module in parts.items()}
            for name, loss in losses.items()}


def _norm(loss: Tensor, module: nn.Module) -> float:
    grads = torch.autograd.grad(
        loss, [p for p in module.parameters() if p.requires_grad],
        retain_graph=True, allow_unused=True)
    squares = [grad.square().sum() for grad in grads if grad is not None]
    return torch.stack(squares).sum().sqrt().item() if squares else 0.0
