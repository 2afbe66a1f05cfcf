"""Trained models from configs and checkpoints."""

from collections.abc import Mapping

import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.registry import MODELS, DefaultScope
from mmengine.runner import load_checkpoint

from ipdfer_mm.datasets.folds import check_same_fold
from ipdfer_mm.utils.model_configs import model_config


def load_trained_model(cfg: Config, checkpoint: str,
                       metainfo: Mapping = {}) -> BaseModel:
    """Build the model of a config with the weights of a checkpoint.

    Args:
        cfg (Config): With ``model``.
        checkpoint (str): The checkpoint; its keys must be the model's.
        metainfo (Mapping): Of the data set that the model is asked about:
            ``classes`` and, if people may not be those that it was trained
            on, ``fold`` and ``fold_rule``. Defaults to nothing.

    Returns:
        BaseModel: The model in eval mode, on the GPU if there is one.

    Raises:
        ValueError: If the checkpoint says that it was trained on other
            classes, or another fold.
    """
    with DefaultScope.overwrite_default_scope(
            cfg.get('default_scope', 'ipdfer_mm')):
        model = MODELS.build(model_config(cfg))
    meta = load_checkpoint(model, checkpoint, strict=True).get('meta', {})
    trained = meta.get('dataset_meta', {})
    check_same_fold(trained, metainfo)
    theirs, classes = trained.get('classes'), metainfo.get('classes')
    if classes is not None and theirs is not None and (
            tuple(theirs) != tuple(classes)):
        raise ValueError(
            f'{checkpoint} was trained on the classes {tuple(theirs)}, but '
            f'the data set has {tuple(classes)}.')
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    return model.to(device).eval()
