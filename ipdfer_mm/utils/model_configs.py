"""The config of a model, complete."""

from copy import deepcopy

from mmengine.config import Config, ConfigDict


def model_config(cfg: Config) -> ConfigDict:
    """Complete ``model`` as MMEngine's Runner does before it is built.

    Configs of mmpretrain have ``data_preprocessor``, with the normalization,
    beside ``model``.

    Args:
        cfg (Config): The config; it stays as it is.

    Returns:
        ConfigDict: A copy to build the model of.
    """
    model = deepcopy(cfg.model)
    if cfg.get('data_preprocessor') is not None:
        model.setdefault('data_preprocessor', deepcopy(cfg.data_preprocessor))
    return model
