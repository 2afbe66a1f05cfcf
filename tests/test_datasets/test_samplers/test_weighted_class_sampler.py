from collections import Counter

import pytest
from helpers.samples import class_names, touch
from mmengine.config import ConfigDict
from mmengine.dataset import (
    ClassBalancedDataset,
    ConcatDataset,
    RepeatDataset,
)
from mmengine.registry import DefaultScope
from mmengine.runner import Runner

from ipdfer_mm.datasets import FolderFER, WeightedClassSampler


@pytest.fixture
def dataset(tmp_path):
    """100 happy, 20 sad and 4 angry faces."""
    for word, count in (('happy', 100), ('sad', 20), ('angry', 4)):
        touch(tmp_path, *(f'train/{word}/{i}.png' for i in range(count)))
    return FolderFER(str(tmp_path), 'train')


def draw(sampler, labels, epochs=100):
    """Share of each label in the draws of many epochs."""
    counts = Counter()
    for epoch in range(epochs):
        sampler.set_epoch(epoch)
        indices = list(sampler)
        assert len(indices) == len(sampler) == len(labels)
        counts.update(labels[index] for index in indices)
    return {name: count / counts.total() for name, count in counts.items()}


@pytest.mark.parametrize('wrap', [
    lambda dataset: dataset,
    lambda dataset: ConcatDataset([dataset, dataset]),
    lambda dataset: RepeatDataset(dataset, 2),
    lambda dataset: ClassBalancedDataset(dataset, 0.2),
])
def test_balanced(dataset, wrap):
    wrapped = wrap(dataset)
    labels = [wrapped[i]['gt_label'] for i in range(len(wrapped))]
    shares = draw(WeightedClassSampler(wrapped, seed=0), labels)
    assert shares == pytest.approx(dict.fromkeys((0, 3, 5), 1 / 3), abs=0.02)


def test_weights(dataset):
    sampler = WeightedClassSampler(
        dataset, class_weights=ConfigDict(happiness=2, anger=0.5), seed=0)
    assert draw(sampler, class_names(dataset)) == pytest.approx(
        dict(anger=1 / 7, happiness=4 / 7, sadness=2 / 7), abs=0.02)


def test_every_sample_of_a_class_is_as_likely(dataset):
    shares = draw(WeightedClassSampler(dataset, seed=0), range(124), 200)
    anger = [shares[index] for index in range(4)]  # the first in the alphabet
    assert anger == pytest.approx([1 / 12] * 4, rel=0.08)


def test_draws_depend_on_seed_and_epoch_alone(dataset):
    first, again = (WeightedClassSampler(dataset, seed=3) for _ in range(2))
    epochs = []
    for epoch in range(3):
        first.set_epoch(epoch)
        epochs.append(list(first))
    again.set_epoch(2)  # resumed
    assert list(again) == epochs[2] != epochs[1]
    # EpochSeedHook sets the seed of the run after the sampler is built.
    other = WeightedClassSampler(dataset, seed=7)
    other.seed = 3
    assert list(other) == epochs[0]


def test_processes_share_the_draws(dataset, monkeypatch):
    whole = list(WeightedClassSampler(dataset, seed=5))
    parts = []
    for rank in range(3):
        monkeypatch.setattr('mmengine.dataset.sampler.get_dist_info',
                            lambda rank=rank: (rank, 3))
        parts.append(list(WeightedClassSampler(dataset, seed=5)))
    assert [len(part) for part in parts] == [42, 42, 42]
    joined = [index for together in zip(*parts) for index in together]
    assert joined[:124] == whole


@pytest.mark.parametrize('weights, message', [
    (dict(happy=2), "no sample of the class 'happy' among"),
    (dict(fear=2), "no sample of the class 'fear'"),
    (dict(anger=0), '0 of anger must be a positive number'),
    (dict(anger=-1), 'must be a positive number'),
    (dict(anger=float('inf')), 'must be a positive number'),
])
def test_weights_that_make_no_sense(dataset, weights, message):
    with pytest.raises(ValueError, match=f'class_weights: .*{message}'):
        WeightedClassSampler(dataset, class_weights=weights)


@pytest.mark.parametrize('sampler, threshold', [
    (dict(type='WeightedClassSampler', class_weights=dict(anger=2)), None),
    # MMEngine's own, around the dataset: rare classes are repeated.
    (dict(type='DefaultSampler', shuffle=True), 0.3),
])
def test_both_ways_from_a_config(tmp_path, sampler, threshold):
    for word, count in (('happy', 12), ('angry', 2)):
        touch(tmp_path, *(f'train/{word}/{i}.png' for i in range(count)))
    dataset = dict(type='FolderFER', data_root=str(tmp_path), split='train')
    if threshold is not None:
        dataset = dict(type='ClassBalancedDataset', dataset=dataset,
                       oversample_thr=threshold)
    with DefaultScope.overwrite_default_scope('ipdfer_mm'):
        loader = Runner.build_dataloader(
            dict(batch_size=4, num_workers=0, dataset=dataset,
                 sampler=sampler, collate_fn=dict(type='default_collate')),
            seed=1)
    labels = [int(label) for batch in loader for label in batch['gt_label']]
    if threshold is None:
        assert len(labels) == 14 and labels.count(0) > 4
    else:  # sqrt(0.3 / (2 / 14)) = 1.4, that is twice.
        assert Counter(labels) == {3: 12, 0: 4}
