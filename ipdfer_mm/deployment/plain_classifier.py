"""The trained expression branch as a plain classifier of mmpretrain."""

from typing import Any

from mmengine.config import Config
from torch import Tensor

from ipdfer_mm.apis.loading import image_size
from ipdfer_mm.models.disentangled_classifier import DATA_PREPROCESSOR
from ipdfer_mm.registry import DATASETS, MODELS
from ipdfer_mm.utils.dataset_configs import find_test_dataset
from ipdfer_mm.utils.model_configs import model_config
from ipdfer_mm.utils.weight_files import select_parts

SCOPE = 'mmpretrain.'


def plain_classifier(cfg: Config) -> dict:
    """Describe the expression branch as mmpretrain's ``ImageClassifier``.

    Args:
        cfg (Config): With ``model``, an :class:`IPDFERModel`.

    Returns:
        dict: Config of the classifier in the scope ``mmpretrain``. It starts
        from no file: its weights are those of :func:`plain_state`.

    Raises:
        ValueError: If the model has no expression branch.
    """
    model = model_config(cfg)
    if 'expression_encoder' not in model:
        raise ValueError(
            f'A {model.get("type")} has no expression_encoder. Configs of '
            "IPD-FER and ID-FER are published; mmpretrain's classifiers, such "
            'as the baselines, are plain already.')
    encoder = model.expression_encoder.to_dict()
    classifier = dict(
        type='ImageClassifier',
        data_preprocessor={
            **DATA_PREPROCESSOR,
            **(model.get('data_preprocessor') or {})
        },
        backbone=encoder['backbone'],
        # What a FaceEncoder has without one.
        neck=encoder.get('neck', dict(type='GlobalAveragePooling')),
        head=model.expression_head.to_dict())
    return {key: _in_mmpretrain(value)
            for key, value in classifier.items() if value is not None}


def plain_state(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Rename the weights of the expression branch for the classifier.

    Args:
        state (dict[str, Tensor]): State dict of an :class:`IPDFERModel`.

    Returns:
        dict[str, Tensor]: That of the classifier of
        :func:`plain_classifier`.

    Raises:
        ValueError: If it has no expression branch.
    """
    head = select_parts(state, ['expression_head'])
    return {
        **select_parts(state, ['expression_encoder']),
        **{f'head.{key}': value for key, value in head.items()}
    }


def plain_config(cfg: Config, classes: tuple[str, ...]) -> Config:
    """Make the config that mmpretrain's tools ask for.

    Args:
        cfg (Config): Of IPD-FER or ID-FER.
        classes (tuple[str, ...]): Names in the order of the labels.

    Returns:
        Config: Model, pipeline and the test set of ``cfg``, for which
        ipdfer_mm has to be installed; where that has none, it is wrapped or
        its images are not aligned, a list of files, because mmpretrain
        numbers folders in the order of their names.
    """
    size = image_size(cfg)
    pipeline = [
        dict(type='LoadImageFromFile'),
        dict(type='Resize', scale=(size, size)),
        dict(type='PackInputs')
    ]
    dataset = _aligned_test_set(cfg) or dict(
        type='CustomDataset', data_root='data/faces', ann_file='labels.txt',
        metainfo=dict(classes=classes))
    if dataset['type'] in DATASETS.module_dict:
        dataset['type'] = f'ipdfer_mm.{dataset["type"]}'
    dataset['pipeline'] = pipeline
    return Config(dict(
        default_scope='mmpretrain',
        # The test set alone needs it.
        custom_imports=dict(
            imports=['ipdfer_mm.datasets'], allow_failed_imports=True),
        log_level='INFO',
        visualizer=dict(
            type='UniversalVisualizer',
            vis_backends=[dict(type='LocalVisBackend')]),
        model=plain_classifier(cfg),
        test_dataloader=dict(
            batch_size=64,
            num_workers=1,
            sampler=dict(type='DefaultSampler', shuffle=False),
            collate_fn=dict(type='default_collate'),
            dataset=dataset),
        test_evaluator=[dict(type='Accuracy', topk=(1, ))],
        test_cfg=dict()))


def _aligned_test_set(cfg: Config) -> dict | None:
    """The test set, if mmpretrain's pipeline reads it as ours does."""
    try:
        dataset = find_test_dataset(cfg)
    except ValueError:
        return None
    aligns = any(str(step['type']).rpartition('.')[2] == 'AlignFace'
                 for step in dataset.pipeline)
    if dataset is not cfg.test_dataloader.dataset or (
            aligns and not dataset.get('manifest')):
        return None
    return dataset.to_dict()


def _in_mmpretrain(cfg: Any, scope: str | None = None) -> Any:
    """Write a config of ours so that mmpretrain reads it; no ``init_cfg``."""
    if isinstance(cfg, (list, tuple)):
        return type(cfg)(_in_mmpretrain(value, scope) for value in cfg)
    if not isinstance(cfg, dict):
        return cfg
    scope = cfg.get('_scope_', scope)
    plain = {}
    for key, value in cfg.items():
        if key in ('_scope_', 'init_cfg'):
            continue
        if key == 'type' and isinstance(value, str):
            ours = scope in (None, 'ipdfer_mm')
            if value.startswith(SCOPE):
                value = value[len(SCOPE):]
            elif ours and value in MODELS.module_dict:
                value = f'ipdfer_mm.{value}'
        plain[key] = _in_mmpretrain(value, scope)
    return plain
