import csv
from types import SimpleNamespace

import pytest
from mmengine.dataset import ConcatDataset, RepeatDataset

from ipdfer_mm.datasets import CSVFER
from ipdfer_mm.engine import DatasetNotesHook


def load(tmp_path):
    """A dataset that leaves out forty of a class."""
    rows = ['path,expression', 'a.png,happy']
    rows += [f'{i}.png,contempt' for i in range(40)]
    (tmp_path / 'faces.csv').write_text('\n'.join(rows))
    (tmp_path / 'a.png').touch()
    return CSVFER(str(tmp_path), 'faces.csv', drop_classes=('contempt', ))


def make_runner(log_dir, dataset):
    loader = SimpleNamespace(dataset=dataset)
    return SimpleNamespace(log_dir=str(log_dir), train_dataloader=loader,
                           val_dataloader=loader, test_dataloader=loader)


@pytest.mark.parametrize('wrap, times', [
    (lambda dataset: dataset, 1),
    (lambda dataset: RepeatDataset(dataset, 2), 1),
    (lambda dataset: ConcatDataset([dataset, dataset]), 2),
])
def test_all_names_are_in_a_file(tmp_path, wrap, times):
    runner = make_runner(tmp_path, wrap(load(tmp_path)))
    for name in ('train', 'val', 'test'):
        getattr(DatasetNotesHook(), f'before_{name}')(runner)
        with open(tmp_path / f'{name}_notes.csv', newline='') as file:
            assert list(csv.DictReader(file)) == times * [
                dict(reason='Class contempt dropped', name=f'{i}.png')
                for i in range(40)]


def test_nothing_to_say(tmp_path):
    dataset = load(tmp_path)
    dataset.notes.clear()
    DatasetNotesHook().before_train(make_runner(tmp_path, dataset))
    assert not list(tmp_path.glob('*_notes.csv'))


def test_the_log_has_numbers(log, tmp_path):
    assert len(load(tmp_path)) == 1
    line = log.text.splitlines()[-1]
    assert 'Class contempt dropped: 40 (0.png, 1.png and 38 more)' in line
    assert len(line) < 500
