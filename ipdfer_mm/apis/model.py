"""Trained models by name, or by config and checkpoint."""

from pathlib import Path
from typing import NamedTuple

import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.registry import MODELS, DefaultScope
from mmengine.runner import CheckpointLoader
from modelindex.load_model_index import load

from ipdfer_mm.models.encoders.key_match import match_keys
from ipdfer_mm.utils.compat import download, read_checkpoint
from ipdfer_mm.utils.model_configs import model_config
from ipdfer_mm.utils.weight_files import FOLDER, SCHEME

PACKAGE = Path(__file__).resolve().parents[1]
# Where the configs are: beside an installed package's modules, or at the top
# of a checkout.
ROOTS = (PACKAGE / '.mim', PACKAGE.parent)


class KnownModel(NamedTuple):
    """A model that goes by a name.

    Attributes:
        config (Path): Its config.
        weights (str): Its checkpoint.
    """

    config: Path
    weights: str


def list_models() -> dict[str, KnownModel]:
    """List the models that go by a name.

    Those whose weights come with the package, and those of
    ``model-index.yml`` that have weights.

    Returns:
        dict[str, KnownModel]: Config and weights by name, sorted; empty where
        the package has no configs.
    """
    root = next((root for root in ROOTS if (root / 'configs').is_dir()), None)
    if root is None:
        return {}
    known = {
        path.stem: KnownModel(root / f'configs/{path.stem}.py',
                              f'{SCHEME}{path.stem}')
        for path in FOLDER.glob('*.safetensors')
    }
    index = root / 'model-index.yml'
    if index.is_file():
        content = load(str(index))
        content.build_models_with_collections()
        known.update((model.name, KnownModel(root / model.config,
                                             model.weights))
                     for model in content.models if model.weights)
    return {
        name: known[name]
        for name in sorted(known) if known[name].config.is_file()
    }


def get_model(model: str | Path | Config,
              pretrained: bool | str | Path = True,
              device: str | None = None,
              trust_checkpoint: bool = False) -> BaseModel:
    """Build a trained model, as mmpretrain's function of this name does.

    Whatever default scope is active, that of the config is used, and the
    active one stays.

    Args:
        model (str, Path or Config): A name of :func:`list_models`, the path
            of a config, or a config.
        pretrained (bool, str or Path): The checkpoint. True is that of the
            name, or ``load_from`` of the config.
        device (str, optional): Where to put the model. Defaults to the GPU
            if there is one.
        trust_checkpoint (bool): Whether to load pickled objects, which can
            run any code.

    Returns:
        BaseModel: The model in eval mode, with the config as ``_config`` and
        what the checkpoint says of its training set as ``_dataset_meta``.

    Raises:
        FileNotFoundError: If the config or the checkpoint does not exist.
        RuntimeError: If the checkpoint cannot be read.
        ValueError: If the name is unknown, there is no checkpoint, or it is
            not one of this model.
    """
    config, weights = _find(model)
    if pretrained is not True:
        weights = pretrained or None
    if weights is None:
        raise ValueError(f'{model} is a config; name its checkpoint, too: '
                         'pretrained=...')
    with DefaultScope.overwrite_default_scope(
            config.get('default_scope', 'ipdfer_mm')):
        network = MODELS.build(model_config(config))
    checkpoint = _read(str(weights), trust_checkpoint)
    state = _state_dict(str(weights), checkpoint)
    state = {key.removeprefix('module.'): state[key] for key in state}
    match = match_keys(network, state)
    if match.missing or match.misshaped:
        raise ValueError(f'{weights} is not a checkpoint of the model in the '
                         f'config, {type(network).__name__}: {match}')
    network.load_state_dict(state, strict=False)
    network._config = config
    network._dataset_meta = checkpoint.get('meta', {}).get('dataset_meta', {})
    if device is None:
        device = 'cuda' if torch.cuda.is_available() else 'cpu'
    return network.to(device).eval()


def _state_dict(name: str, checkpoint: object) -> dict[str, torch.Tensor]:
    """Tensors by name, if that is what the file holds."""
    state = checkpoint
    if isinstance(checkpoint, dict):
        state = checkpoint.get('state_dict', checkpoint)
    if not isinstance(state, dict) or not all(
            isinstance(key, str) and isinstance(value, torch.Tensor)
            for key, value in state.items()):
        raise ValueError(f'{name} holds no state dict: no tensors by name.')
    return state


def _find(model: str | Path | Config) -> tuple[Config, str | None]:
    """Config and checkpoint that a model stands for."""
    if isinstance(model, Config):
        return model, model.get('load_from')
    if str(model).endswith('.py'):
        if not Path(model).is_file():
            raise FileNotFoundError(f'The config {model} does not exist.')
        config = Config.fromfile(model)
        return config, config.get('load_from')
    known = list_models()
    if model not in known:
        names = ', '.join(known) or 'none: the configs are not installed'
        raise ValueError(f'There is no model "{model}". Give the path of a '
                         f'config (.py), or a name; there are {names}.')
    return Config.fromfile(known[model].config), known[model].weights


def _read(name: str, trust: bool) -> dict:
    """Read a checkpoint without a change of MMEngine's loaders."""
    if name.startswith(('http://', 'https://')):
        return read_checkpoint(download(name), name, 'cpu', trust)
    if '://' in name:  # of the libraries' authors
        return CheckpointLoader.load_checkpoint(name, map_location='cpu')
    path = Path(name).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f'The checkpoint {name} does not exist.')
    return read_checkpoint(str(path), name, 'cpu', trust)
