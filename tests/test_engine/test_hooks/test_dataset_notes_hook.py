import csv
from types import SimpleNamespace

import pytest
from mmengine.dataset import ConcatDataset, RepeatDataset

from ipdfer_mm.datasets import CSVFER
from ipdfer_mm.engine import DatasetNotesHook


@pytest.fixture
def dataset(tmp_path):
    """Forty of a class that is left out."""
    rows = ['path,expression', 'a.png,happy']
    rows += [f'{i}.png,contempt' for i in range(40)]
    (tmp_path / 'faces.csv').write_text('\n'.join(rows))
    (tmp_path / 'a.png').touch()
    return CSVFER(str(tmp_path), 'faces.csv', drop_classes=('contempt', ))


def read(path):
    with open(path, newline='') as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize('wrap, times', [
    (lambda dataset: dataset, 1),
    (lambda dataset: RepeatDataset(dataset, 2), 1),
    (lambda dataset: ConcatDataset([dataset, dataset]), 2),
])
def test_all_names_are_in_a_file(dataset, tmp_path, wrap, times):
    loader = SimpleNamespace(dataset=wrap(dataset))
    runner = SimpleNamespace(log_dir=str(tmp_path / 'log'),
                             train_dataloader=loader, val_dataloader=loader,
                             test_dataloader=loader)
    (tmp_path / 'log').mkdir()
    hook = DatasetNotesHook()
    for name in ('train', 'val', 'test'):
        getattr(hook, f'before_{name}')(runner)
        rows = read(tmp_path / 'log' / f'{name}_notes.csv')
        assert rows == times * [
            dict(reason='Class contempt dropped', name=f'{i}.png')
            for i in range(40)]


def test_nothing_to_say(dataset, tmp_path):
    dataset.notes.clear()
    runner = SimpleNamespace(log_dir=str(tmp_path),
                             train_dataloader=SimpleNamespace(dataset=dataset))
    DatasetNotesHook().before_train(runner)
    assert not list(tmp_path.glob('*_notes.csv'))


def test_the_log_has_numbers(tmp_path, log):
    rows = ['path,expression', 'a.png,happy']
    rows += [f'{i}.png,contempt' for i in range(40)]
    (tmp_path / 'faces.csv').write_text('\n'.join(rows))
    (tmp_path / 'a.png').touch()
    dataset = CSVFER(str(tmp_path), 'faces.csv', drop_classes=('contempt', ))
    assert len(dataset) == 1
    line = log.text.splitlines()[-1]
    assert 'Class contempt dropped: 40 (0.png, 1.png and 38 more)' in line
    assert len(line) < 500
