"""Which runs there are, and what each is told."""

from pathlib import Path

import pytest
from helpers.fake_runs import CONFIG

from ipdfer_mm.experiments.plan import parse_options, plan_runs


def write(path, fold):
    path.write_text(CONFIG.format(fold=fold))
    return path


@pytest.fixture
def config(tmp_path):
    return write(tmp_path / 'plain.py', '')


@pytest.fixture
def folded(tmp_path):
    return write(tmp_path / 'folded.py', ', fold=0')


def test_all_experiments_come_with_the_first_seed_first(config, folded):
    runs = plan_runs([config, folded], Path('out'), [0, 3], folds=[2, 5])
    assert [str(run.folder) for run in runs] == [
        'out/plain/seed0', 'out/folded/seed0/fold2', 'out/folded/seed0/fold5',
        'out/plain/seed3', 'out/folded/seed3/fold2', 'out/folded/seed3/fold5']
    assert runs[-1].title == 'folded/seed3/fold5'
    cfg = runs[-1].load_config()
    assert cfg.randomness.seed == 3
    for name in ('train', 'val', 'test'):
        assert cfg[f'{name}_dataloader'].dataset.fold == 5


@pytest.mark.parametrize('dataset, folds', [
    ('CKPlus', [*range(10)]), ('CMUFaces', [0, 1, 2, 3]),
    ('mmpretrain.KFoldDataset', [None])])
def test_folds_are_those_of_the_dataset(folded, dataset, folds):
    folded.write_text(folded.read_text().replace('CKPlus', dataset))
    runs = plan_runs([folded], Path('out'), [0])
    assert [run.fold for run in runs] == folds


def test_folds_of_a_wrapped_set(folded):
    """As docs/datasets.md wraps it to balance classes."""
    folded.write_text(folded.read_text() + """
train_dataloader["dataset"] = dict(type="mmpretrain.ClassBalancedDataset",
    oversample_thr=.1, dataset=train_dataloader["dataset"])
""")
    runs = plan_runs([folded], Path('out'), [0])
    assert [run.fold for run in runs] == [*range(10)]
    cfg = runs[7].load_config()
    assert cfg.train_dataloader.dataset.dataset.fold == 7
    assert cfg.test_dataloader.dataset.fold == 7
    assert 'fold' not in cfg.train_dataloader.dataset


def test_no_folds(config):
    with pytest.raises(ValueError, match='no config has a dataset with folds'):
        plan_runs([config], Path('out'), [0], folds=[0])


def test_sweep_of_lists(config):
    names = [run.name for run in plan_runs([config], Path('out'), [0], sweeps=[
        'model.decoder.widths=[8,4],(4,2)'])]
    assert names == ['plain', 'plain+decoder.widths=[8,4]',
                     'plain+decoder.widths=(4,2)']


def test_sweep(config):
    runs = plan_runs([config], Path('out'), [0], sweeps=[
        'model.loss_cos.loss_weight=0.1,2', 'model.loss_id=None'])
    assert [run.name for run in runs] == [
        'plain', 'plain+loss_cos.loss_weight=0.1',
        'plain+loss_cos.loss_weight=2', 'plain+loss_id=None']
    weights = [run.load_config().model.loss_cos.loss_weight for run in runs]
    assert weights == [0.5, 0.1, 2, 0.5]
    assert runs[3].load_config().model.loss_id is None
    assert runs[1].sweep == {'model.loss_cos.loss_weight': '0.1'}


def test_smoke_and_options(config):
    run, = plan_runs([config], Path('out'), [0], smoke=True,
                     options=['test_dataloader.dataset.indices=7'])
    cfg = run.load_config()
    assert run.smoke and cfg.train_cfg.max_epochs == 2
    assert cfg.train_dataloader.batch_size == 4
    assert cfg.train_dataloader.dataset.indices == 2 * 4
    assert cfg.val_dataloader.dataset.indices == 140
    assert cfg.test_dataloader.dataset.indices == 7  # options win


def test_smoke_of_folds_and_wrapped_sets(config, folded):
    assert [run.fold for run in plan_runs([folded], Path('out'), [0],
                                          smoke=True)] == [0, 1]
    text = config.read_text()
    for name in ('train', 'val'):
        text += (f'{name}_dataloader["dataset"] = dict(type="mmpretrain.'
                 f'KFoldDataset", dataset={name}_dataloader["dataset"])\n')
    config.write_text(text.replace('test_dataloader = val_dataloader',
                                   'test_dataloader = dict(val_dataloader)'))
    run, = plan_runs([config], Path('out'), [0], smoke=True)
    cfg = run.load_config()
    assert 'indices' not in cfg.train_dataloader.dataset
    assert cfg.train_dataloader.dataset.dataset.indices == 2 * 4
    assert cfg.val_dataloader.dataset.dataset.indices == 140
    assert cfg.test_dataloader.dataset.indices == 140


def test_options_are_parsed_as_by_the_tools():
    assert parse_options(['a.b=1', 'c=[1,2]', 'd=None', 'e=x']) == {
        'a.b': 1, 'c': [1, 2], 'd': None, 'e': 'x'}


def test_bad_input(config, tmp_path):
    with pytest.raises(FileNotFoundError, match='absent.py does not exist'):
        plan_runs([tmp_path / 'absent.py'], Path('out'), [0])
    with pytest.raises(ValueError, match='have the name plain'):
        plan_runs([config, config], Path('out'), [0])
    with pytest.raises(ValueError, match="'a' is not of the form KEY=VALUE"):
        plan_runs([config], Path('out'), [0], options=['a'])
    config.write_text(config.read_text().replace('max_epochs', 'max_iters'))
    with pytest.raises(ValueError, match='plain.py has no train_cfg.max_ep'):
        plan_runs([config], Path('out'), [0])
    config.write_text('train_cfg = dict(max_epochs=1)')
    with pytest.raises(ValueError, match='has no train_dataloader'):
        plan_runs([config], Path('out'), [0])
