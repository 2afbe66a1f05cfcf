"""Configs of datasets that may be wrapped in others."""

from collections.abc import Iterator
from copy import deepcopy

from mmengine.config import Config, ConfigDict


def wrapped_datasets(dataset: ConfigDict) -> Iterator[ConfigDict]:
    """Find the datasets that have a pipeline.

    Args:
        dataset (ConfigDict): A dataset, or a wrapper such as mmpretrain's
            ``KFoldDataset`` or MMEngine's ``ConcatDataset``.

    Yields:
        ConfigDict: Each of them, as it stands in the config.
    """
    if 'pipeline' in dataset:
        yield dataset
        return
    for inner in (dataset.get('dataset'), *dataset.get('datasets', ())):
        if inner is not None:
            yield from wrapped_datasets(inner)


def find_test_dataset(config: Config) -> ConfigDict:
    """Find the dataset with the test pipeline.

    Args:
        config (Config): A config.

    Returns:
        ConfigDict: Its config, out of any wrapper.

    Raises:
        ValueError: If there is none.
    """
    loader = config.get('test_dataloader') or {}
    dataset = loader.get('dataset', {})
    for found in wrapped_datasets(dataset):
        return found
    raise ValueError('The config has no test_dataloader.dataset.pipeline, '
                     'which says what is done with an image.')


def without_augmentation(config: Config, split: str) -> ConfigDict:
    """Take a dataset of a config with the pipeline of the test.

    Args:
        config (Config): A config.
        split (str): 'train', 'val' or 'test'.

    Returns:
        ConfigDict: A copy of its dataset, with any wrapper around.

    Raises:
        ValueError: If there is no test pipeline.
    """
    pipeline = find_test_dataset(config).pipeline
    dataset = deepcopy(config[f'{split}_dataloader'].dataset)
    for wrapped in wrapped_datasets(dataset):
        wrapped.pipeline = deepcopy(pipeline)
    return dataset
