"""What a config does with a picture before the model sees it."""

import json
import os
from collections.abc import Callable, Iterator

from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.registry import TRANSFORMS, DefaultScope

from ipdfer_mm.datasets.manifest import recipe_hash
from ipdfer_mm.utils.dataset_configs import find_test_dataset

LOADING = ('LoadFaceImage', 'LoadImageFromFile')


def build_pipeline(config: Config) -> Callable[[dict], dict]:
    """Build the test pipeline without the loading of files.

    Args:
        config (Config): A config.

    Returns:
        Callable: From a dict with ``img`` (BGR, uint8) to one of ``inputs``
        and ``data_samples``.
    """
    steps = [
        step for step in find_test_dataset(config).pipeline
        if _name(step) not in LOADING
    ]
    with DefaultScope.overwrite_default_scope(
            config.get('default_scope', 'ipdfer_mm')):
        return Compose([TRANSFORMS.build(step) for step in steps])


def aligned_size(config: Config, dataset_meta: dict) -> int:
    """Side of the aligned faces that a model was trained on.

    The first of these that the config has: ``AlignFace`` in the test
    pipeline; the ``recipe.json`` of the prepared test set, where it is the
    one whose hash the checkpoint remembers (it remembers nothing else of the
    recipe); ``img_size`` of the test set; ``Resize`` in the pipeline.

    Args:
        config (Config): The config.
        dataset_meta (dict): What the checkpoint says of its training set.

    Returns:
        int: In pixels.

    Raises:
        ValueError: If the config does not say it.
    """
    dataset = find_test_dataset(config)
    for size in (*_step_sizes(dataset.pipeline, 'AlignFace', 'size', 112),
                 *_prepared_size(dataset, dataset_meta.get('recipe')),
                 *filter(None, [dataset.get('img_size')]),
                 *_step_sizes(dataset.pipeline, 'Resize', 'scale', None)):
        return int(size)
    raise ValueError('The config does not say how large the aligned faces '
                     'are; give their side in pixels: recipe=dict(size=...).')


def _name(step: dict) -> str:
    return str(step['type']).rpartition('.')[-1]


def _step_sizes(pipeline: list[dict], name: str, key: str,
                default: int | None) -> Iterator[int]:
    for step in pipeline:
        size = step.get(key, default) if _name(step) == name else None
        if isinstance(size, (list, tuple)):
            size = size[0]
        if size is not None:
            yield size


def _prepared_size(dataset: dict, trained_with: str | None) -> Iterator[int]:
    if dataset.get('manifest') and trained_with:
        manifest = os.path.join(dataset['data_root'], dataset['manifest'])
        if recipe_hash(manifest) == trained_with:
            folder = os.path.dirname(manifest)
            with open(os.path.join(folder, 'recipe.json')) as file:
                yield json.load(file)['size']
