"""Trained models: which fit a checkpoint, their classes, their image sizes."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.registry import MODELS, DefaultScope
from mmengine.runner import CheckpointLoader

from ipdfer_mm.datasets.folds import check_same_classes, check_same_fold
from ipdfer_mm.datasets.manifest import recipe_hash
from ipdfer_mm.metrics.reliability import RELIABILITY, Thresholds
from ipdfer_mm.models.encoders.key_match import match_keys
from ipdfer_mm.utils.compat import WEB, load_file
from ipdfer_mm.utils.dataset_configs import find_test_dataset
from ipdfer_mm.utils.model_configs import model_config
from ipdfer_mm.utils.weight_files import checkpoint_state

from .known_models import list_models


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
    checkpoint = _read(str(weights), trust_checkpoint)
    return _to_device(build_trained(config, str(weights), checkpoint), device)


def load_trained_model(cfg: Config, checkpoint: str,
                       metainfo: Mapping = {}) -> BaseModel:
    """Build the model of a config to measure it on a dataset.

    MMEngine's loaders read the checkpoint.

    Args:
        cfg (Config): With ``model``.
        checkpoint (str): The checkpoint.
        metainfo (Mapping): Of the dataset that the model is asked about:
            ``classes`` and, if its subjects may be those that the model was
            trained on, ``fold`` and ``fold_rule``. Defaults to nothing.

    Returns:
        BaseModel: As :func:`get_model`, on the GPU if there is one.

    Raises:
        ValueError: If the checkpoint is not one of this model, or says that
            it was trained on other classes or another fold.
    """
    loaded = CheckpointLoader.load_checkpoint(checkpoint, 'cpu')
    model = build_trained(cfg, checkpoint, loaded)
    check_same_fold(model._dataset_meta, metainfo, checkpoint)
    check_same_classes(model._dataset_meta, metainfo, checkpoint)
    return _to_device(model)


def build_trained(cfg: Config, name: str, checkpoint: object) -> BaseModel:
    """Build the model of a config with the weights of a checkpoint.

    Args:
        cfg (Config): With ``model``.
        name (str): What the user calls the checkpoint.
        checkpoint (object): What its file holds.

    Returns:
        BaseModel: As :func:`get_model`, on the CPU.

    Raises:
        ValueError: If the checkpoint is not one of this model: weights of
            other parts than the discriminator are missing, or there are too
            many, or of other shapes.
    """
    with DefaultScope.overwrite_default_scope(
            cfg.get('default_scope', 'ipdfer_mm')):
        model = MODELS.build(model_config(cfg))
    state = checkpoint_state(name, checkpoint)
    state = {key.removeprefix('module.'): state[key] for key in state}
    if hasattr(model, 'discriminator') and not any(
            key.startswith('discriminator.') for key in state):
        model.discriminator = None  # which training alone needs
    match = match_keys(model, state)
    if match.missing or match.misshaped or match.unexpected:
        raise ValueError(f'{name} is not a checkpoint of the model in the '
                         f'config, {type(model).__name__}: {match}')
    model.load_state_dict(state, strict=False)
    model._config = cfg
    meta = checkpoint.get('meta', {})
    model._dataset_meta = meta.get('dataset_meta', {})
    model._reliability = meta.get(RELIABILITY)
    return model.eval()


def class_names(model: BaseModel) -> tuple[str, ...]:
    """Names of the classes in the order of the labels.

    Args:
        model (BaseModel): As :func:`build_trained` builds it: what its
            checkpoint says comes before its own ``classes``.

    Returns:
        tuple[str, ...]: The names.

    Raises:
        ValueError: If neither knows them.
    """
    classes = (model._dataset_meta.get('classes')
               or getattr(model, 'classes', None))
    if not classes:
        raise ValueError(
            'Neither the checkpoint nor model.classes of the config names the '
            "expressions. Give them in the order of the labels: classes=('ang"
            "er', ...), to a tool by --cfg-options model.classes=...")
    return tuple(classes)


def reliability(model: BaseModel) -> Thresholds | None:
    """Scores from which on a trained model's labels are to be shown.

    Args:
        model (BaseModel): As :func:`build_trained` builds it.

    Returns:
        Thresholds | None: None where its checkpoint does not say it.
    """
    found = model._reliability
    return found and Thresholds(found['by_class'], tuple(found['by_yaw']))


def image_size(cfg: Config) -> int:
    """Side of the images that the classifier of a config takes.

    Args:
        cfg (Config): Of IPD-FER, ID-FER or a classifier of mmpretrain.

    Returns:
        int: In pixels.

    Raises:
        ValueError: If the config does not say it.
    """
    if 'decoder' in cfg.model:
        return cfg.model.decoder.get('img_size', 112)
    dataset = find_test_dataset(cfg)
    sizes = [*_step_sizes(dataset.pipeline, Resize=None, AlignFace=112)]
    if sizes:
        return sizes[-1]
    if 'img_size' not in dataset:
        raise ValueError(
            'The config does not say how large its images are: its test '
            "pipeline has no dict(type='Resize', scale=(S, S)).")
    return dataset.img_size


def aligned_size(cfg: Config, dataset_meta: dict) -> int:
    """Side of the aligned faces that a model was trained on.

    The first of these that the config has: ``AlignFace`` in the test
    pipeline; the ``recipe.json`` of the prepared test set, where it is the
    one whose hash the checkpoint remembers (it remembers nothing else of the
    recipe); ``img_size`` of the test set; ``Resize`` in the pipeline.

    Args:
        cfg (Config): The config.
        dataset_meta (dict): What the checkpoint says of its training set.

    Returns:
        int: In pixels.

    Raises:
        ValueError: If the config does not say it.
    """
    dataset = find_test_dataset(cfg)
    for size in (*_step_sizes(dataset.pipeline, AlignFace=112),
                 *_prepared_size(dataset, dataset_meta.get('recipe')),
                 *filter(None, [dataset.get('img_size')]),
                 *_step_sizes(dataset.pipeline, Resize=None)):
        return int(size)
    raise ValueError('The config does not say how large the aligned faces '
                     'are; give their side in pixels: recipe=dict(size=...).')


def _step_sizes(pipeline: list[dict], **defaults: int | None) -> Iterator[int]:
    """Sizes in a pipeline, of the kinds of steps that are named."""
    for step in pipeline:
        name = str(step['type']).rpartition('.')[2]
        if name in defaults:
            size = step.get('scale', step.get('size', defaults[name]))
            size = size[0] if isinstance(size, (list, tuple)) else size
            if size is not None:
                yield size


def _prepared_size(dataset: dict, trained_with: str | None) -> Iterator[int]:
    if dataset.get('manifest') and trained_with:
        manifest = os.path.join(
            os.path.expanduser(dataset['data_root']), dataset['manifest'])
        if recipe_hash(manifest) == trained_with:
            folder = os.path.dirname(manifest)
            with open(os.path.join(folder, 'recipe.json')) as file:
                yield json.load(file)['size']


def _to_device(model: BaseModel, device: str | None = None) -> BaseModel:
    if device is None:
        device = 'cuda' if torch.cuda.is_available() else 'cpu'
    return model.to(device)


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
    if '://' in name and not name.startswith(WEB):  # of libraries' authors
        return CheckpointLoader.load_checkpoint(name, map_location='cpu')
    return load_file(name, 'cpu', trust)
