"""Curves of made-up runs."""

from helpers.fake_runs import make_run

from ipdfer_mm.experiments.curves import read_curves
from ipdfer_mm.experiments.results import read_experiments

KEY = 'model.loss_cos.loss_weight'


def test_values_in_order_of_the_setting(tmp_path):
    make_run(tmp_path, 'plain', 0, [True, True, False, False], weight=0.5)
    make_run(tmp_path, 'plain', 1, [True, False, False, False], weight=0.5)
    for name, value, right in (('a', '2', [True] * 4),
                               ('b', 'None', [False] * 4)):
        make_run(tmp_path, f'plain+{name}', 0, right, sweep={KEY: value})
    make_run(tmp_path, 'plain+c', 0, [True] * 4, sweep={KEY: 'many'})
    make_run(tmp_path, 'plain+d', 0, [True] * 4,
             sweep={'model.loss_cos': 'None'})
    make_run(tmp_path, 'plain+e', 0, [True] * 4,
             sweep={'model.generator_interval': '4'})
    base, *swept = read_experiments([tmp_path])[0]
    curves, without = read_curves(base, swept, 'last')
    assert curves == {KEY: {0.5: [50, 25], 2: [100], 0: [0]}}
    # A word, and settings that the config has no number, or nothing, for.
    assert without == ['plain+c', 'plain+d', 'plain+e']
