from collections import Counter

import pytest
from helpers.official_layouts import write_image
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
        folder = tmp_path / 'train' / word
        folder.mkdir(parents=True)
        for i in range(count):
            (folder / f'{i}.png').touch()
    return FolderFER(str(tmp_path), 'train')


def draw(sampler, dataset, epochs=100):
    """Share of each class in the draws of many epochs."""
    labels = dataset.get_gt_labels()
    counts = Counter()
    for epoch in range(epochs):
        sampler.set_epoch(epoch)
        indices = list(sampler)
        assert len(indices) == len(sampler) == len(dataset)
        counts.update(dataset.CLASSES[labels[index]] for index in indices)
    return {name: count / counts.total() for name, count in counts.items()}


def test_balanced(dataset):
    shares = draw(WeightedClassSampler(dataset, seed=0), dataset)
    assert shares == pytest.approx(
        dict(anger=1 / 3, happiness=1 / 3, sadness=1 / 3), abs=0.02)


@pytest.mark.parametrize('wrap', [
    lambda dataset: ConcatDataset([dataset, dataset]),
    lambda dataset: RepeatDataset(dataset, 2),
    lambda dataset: ClassBalancedDataset(dataset, 0.2),
])
def test_around_others(dataset, wrap):
    wrapped = wrap(dataset)
    labels = [wrapped[i]['gt_label'] for i in range(len(wrapped))]
    counts = Counter()
    sampler = WeightedClassSampler(wrapped, seed=0)
    for epoch in range(20):
        sampler.set_epoch(epoch)
        counts.update(labels[index] for index in sampler)
    assert len(counts) == 3
    for count in counts.values():
        assert count / counts.total() == pytest.approx(1 / 3, abs=0.03)


def test_weights(dataset):
    sampler = WeightedClassSampler(
        dataset, class_weights=ConfigDict(happiness=2, anger=0.5), seed=0)
    assert draw(sampler, dataset) == pytest.approx(
        dict(anger=1 / 7, happiness=4 / 7, sadness=2 / 7), abs=0.02)


def test_every_sample_of_a_class_is_as_likely(dataset):
    sampler = WeightedClassSampler(dataset, seed=0)
    counts = Counter()
    for epoch in range(200):
        sampler.set_epoch(epoch)
        counts.update(sampler)
    anger = [counts[index] for index in range(4)]  # 2067 each on average
    assert min(anger) > 1900 and max(anger) < 2250


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


@pytest.mark.parametrize('settings', [
    dict(sampler=dict(type='WeightedClassSampler',
                      class_weights=dict(anger=2))),
    # MMEngine's own, around the dataset: rare classes are repeated.
    dict(sampler=dict(type='DefaultSampler', shuffle=True), repeat=0.3),
])
def test_both_ways_from_a_config(tmp_path, settings):
    for word, count in (('happy', 12), ('angry', 2)):
        for i in range(count):
            write_image(tmp_path / f'train/{word}/{i}.png')
    dataset = dict(
        type='FolderFER', data_root=str(tmp_path), split='train', pipeline=[
            dict(type='LoadFaceImage'), dict(type='PackFaceInputs')])
    if 'repeat' in settings:
        dataset = dict(type='ClassBalancedDataset', dataset=dataset,
                       oversample_thr=settings['repeat'])
    with DefaultScope.overwrite_default_scope('ipdfer_mm'):
        loader = Runner.build_dataloader(
            dict(batch_size=4, num_workers=0, dataset=dataset,
                 sampler=settings['sampler'],
                 collate_fn=dict(type='default_collate')), seed=1)
    labels = [int(sample.gt_label) for batch in loader
              for sample in batch['data_samples']]
    if 'repeat' in settings:
        # sqrt(0.3 / (2 / 14)) = 1.4, that is twice.
        assert isinstance(loader.dataset, ClassBalancedDataset)
        assert Counter(labels) == {3: 12, 0: 4}
        # One sampler around the other dataset works, too.
        assert len(WeightedClassSampler(loader.dataset)) == 16
    else:
        assert len(labels) == 14 and labels.count(0) > 4
