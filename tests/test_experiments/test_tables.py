"""Tables of made-up runs against numbers by hand."""

import math

import numpy as np
import pytest
from helpers.fake_runs import make_run

from ipdfer_mm.experiments.results import read_experiments
from ipdfer_mm.experiments.tables import find_baseline, make_tables

N = 30
ALL = np.ones(N, bool)


def wrong(*indices):
    right = ALL.copy()
    right[list(indices)] = False
    return right


def tables_of(*folders, **kwargs):
    experiments, missing = read_experiments(folders)
    return {t.key: t for t in make_tables(experiments, **kwargs)}, missing


def columns(table, row=0):
    return dict(zip(table.header, table.rows[row]))


@pytest.fixture
def runs(tmp_path):
    """Two seeds; subjects of three images, six images of each pose."""
    more = dict(subjects=[f'p{i // 3}' for i in range(N)],
                poses=[i // 6 for i in range(N)])
    for seed, (base, ours) in enumerate([(range(9), range(3, 6)),
                                         (range(12), range(27, 30))]):
        make_run(tmp_path, 'baseline_rafdb', seed, wrong(*base),
                 wrong(*base[3:]), **more)
        make_run(tmp_path, 'ipdfer_rafdb', seed, wrong(*ours), ALL, **more)
    return tmp_path


def test_accuracy(runs):
    tables, missing = tables_of(runs)
    assert not missing
    row = columns(tables['accuracy'])
    # 21 and 18 of 30 right, in the best epoch 24 and 21.
    assert row['last epoch: accuracy'].values == (70, 60)
    assert str(row['best epoch: accuracy']) == '80.00 (75.00 ± 7.07)'
    # Wrong is the next class: each class is as often right as named.
    assert row['last epoch: UAR'].values == pytest.approx((70, 60))
    assert row['last epoch: macro F1'].values == pytest.approx((70, 60))
    assert row['paper'] == '87.48 (87.32 ± 0.16), Table 3'
    notes = ' '.join(tables['accuracy'].notes)
    assert 'chosen on the test images' in notes
    assert '87.06 in Table 8' in notes
    assert 'paper' not in tables_of(
        runs, with_paper=False)[0]['accuracy'].header


def test_other_settings_are_not_averaged(tmp_path):
    make_run(tmp_path, 'baseline_rafdb', 0, ALL)
    make_run(tmp_path, 'baseline_rafdb', 1, ALL, weight=.7)
    with pytest.raises(ValueError, match=r'seed1 and .*seed0 have other '
                                         r'settings \(model\)'):
        tables_of(tmp_path)


def test_pose(runs):
    table = tables_of(runs)[0]['pose_last']
    assert table.header == ['experiment', 'all (30)', 'over 10° (24)',
                            'over 20° (18)', 'over 30° (12)', 'over 40° (6)']
    names = [row[0] for row in table.rows]
    assert names == ['baseline_rafdb', 'baseline_rafdb, paper',
                     'ipdfer_rafdb', 'ipdfer_rafdb, paper']
    # Of images 6 to 29: 3 wrong, then 6.
    assert table.rows[0][2].values == pytest.approx((87.5, 75))
    assert table.rows[1][2] == '86.44 (1704)'
    assert table.rows[2][5].values == (100, 50)


def test_comparison(runs):
    table = tables_of(runs)[0]['comparison_last']
    first, second, both = (columns(table, i) for i in range(3))
    # Seed 0: nine and three wrong, the three among the nine.
    assert first['only baseline right'] == 0
    assert first['only experiment right'] == 6
    assert float(first['p exact']) == pytest.approx(2 / 2**6, rel=1e-2)
    assert first['difference'] == pytest.approx(20)
    # Seed 1: three lost, twelve won.
    at_most = sum(math.comb(15, k) for k in range(4)) / 2**15
    assert float(second['p exact']) == pytest.approx(2 * at_most, rel=1e-2)
    assert both['seed'] == 'all' and both['difference'] == pytest.approx(25)
    assert both['95 % from'] < 25 < both['95 % to']
    assert all(row['subjects'] == 10 for row in (first, second, both))
    assert 'draws subjects' in ' '.join(table.notes)


def test_images_where_subjects_are_unknown(tmp_path):
    for name in ('baseline_rafdb', 'ipdfer_rafdb'):
        make_run(tmp_path, name, 0, ALL)
    make_run(tmp_path, 'ipdfer_rafdb', 1, ALL)
    tables, _ = tables_of(tmp_path)
    assert 'pose_last' not in tables  # no pose is known
    notes = ' '.join(tables['comparison_last'].notes)
    assert 'draws images, as subjects are not known' in notes
    assert 'do not both have the seeds 1' in notes
    assert columns(tables['comparison_last'])['p exact'] == '1'


def test_times(runs):
    row = columns(tables_of(runs)[0]['time'])
    # Mean of 0.2 and 0.4 s, 100 iterations, 30 epochs.
    assert row['seconds per epoch'].values == pytest.approx((30, 30))
    assert row['hours'].values == pytest.approx((0.25, 0.25))
    # 40 and 60 ms for batches of 10.
    assert row['test, ms'].values == pytest.approx((5, 5))
    assert row['hours, paper'] == '0.5'


def test_folds(tmp_path):
    """Pooled, large folds count more; the mean of folds does not."""
    for seed in range(2):
        make_run(tmp_path, 'a', seed, ALL[:9], fold=0)
        make_run(tmp_path, 'a', seed, wrong(0, 1, 2)[:3], fold=1, first=9)
    make_run(tmp_path, 'a', 2, ALL, fold=0)
    make_run(tmp_path, 'a', 2, ALL, fold=1, status='planned')
    tables, missing = tables_of(tmp_path)
    row = columns(tables['accuracy'])
    assert row['last epoch: accuracy'].values == (75, 75)
    assert row['last epoch: mean of folds'].values == (50, 50)
    assert missing == ['a/seed2/fold1 (planned)']  # and seed 2 is left out
    assert [r[2] for r in tables['runs'].rows] == [2, 2]


def test_smoke(tmp_path):
    make_run(tmp_path, 'a', 0, ALL, smoke=True)
    tables, _ = tables_of(tmp_path)
    assert all(table.title.startswith('SMOKE, no result: RAFDB')
               for table in tables.values())


def test_other_images_are_refused(tmp_path):
    make_run(tmp_path, 'a', 0, ALL)
    make_run(tmp_path, 'b', 0, ALL, first=1)
    with pytest.raises(ValueError, match='a/seed0/last.pkl and .*b/seed0/'):
        tables_of(tmp_path)


def test_folders_without_runs_and_with_the_same(tmp_path):
    with pytest.raises(FileNotFoundError, match='run_experiments.py'):
        read_experiments([tmp_path])
    for out in 'xy':
        make_run(tmp_path / out, 'a', 0, ALL)
    with pytest.raises(ValueError, match='y: a is in .*x, too'):
        read_experiments([tmp_path / 'x', tmp_path / 'y'])


@pytest.mark.parametrize('name, expected', [
    ('ipdfer_rafdb', 'baseline_rafdb'),
    ('ipdfer_rafdb_without_cos', 'baseline_rafdb'),
    ('ipdfer_sfew_from_rafdb', 'baseline_sfew_from_rafdb'),
    ('idfer_sfew', 'baseline_sfew'),
    ('baseline_sfew', None),
    ('ipdfer_ferplus', None),
    ('ipdfer_plus_rafdb', 'baseline_rafdb'),
    ('ipdfer_rafdb+train_cfg.max_epochs=60',
     'baseline_rafdb+train_cfg.max_epochs=60'),
    ('baseline_twice_rafdb', 'baseline_rafdb'),
    ('ipdfer_without_cos_sfew', 'baseline_sfew'),
    ('ipdfer_rafdb+loss_cos.loss_weight=0.1', 'baseline_rafdb'),
])
def test_baseline_is_found_by_name(name, expected):
    names = ['baseline_rafdb', 'baseline_sfew', 'baseline_sfew_from_rafdb',
             'baseline_rafdb+train_cfg.max_epochs=60']
    assert find_baseline(name, names) == expected
