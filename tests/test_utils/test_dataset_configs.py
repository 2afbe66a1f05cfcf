import pytest
from mmengine.config import Config

from ipdfer_mm.utils.dataset_configs import (
    find_test_dataset,
    without_augmentation,
    wrapped_datasets,
)

INNER = dict(img_size=7, pipeline=[dict(type='Test')])
OTHER = dict(img_size=8, pipeline=[dict(type='Flip')])


def config_of(test, train=None):
    return Config(dict(test_dataloader=dict(dataset=test),
                       train_dataloader=dict(dataset=train or test)))


@pytest.mark.parametrize('outer', [
    INNER, dict(dataset=INNER), dict(datasets=[INNER, OTHER]),
    dict(dataset=dict(datasets=[INNER]))])
def test_wrapped_test_set(outer):
    assert find_test_dataset(config_of(outer)).img_size == 7


def test_no_test_set():
    for config in (Config(dict(model=dict())), config_of(dict(datasets=[])),
                   Config(dict(test_dataloader=None))):
        with pytest.raises(ValueError, match='no test_dataloader.dataset.pip'):
            find_test_dataset(config)


def test_every_wrapped_set_gets_the_pipeline_of_the_test():
    outer = dict(type='Repeat', times=2,
                 dataset=dict(type='Concat', datasets=[OTHER, OTHER]))
    config = config_of(INNER, outer)
    dataset = without_augmentation(config, 'train')
    assert [d.pipeline for d in wrapped_datasets(dataset)] == [
        INNER['pipeline']] * 2
    assert 'pipeline' not in dataset and dataset.times == 2
    # The config is as it was.
    assert config.train_dataloader.dataset == outer
